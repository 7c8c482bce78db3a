"""A language model's server on this machine that speaks both protocols, and misbehaves when told to."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

Behaviour = Callable[["Call"], "Reply"]


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as it came."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def question(self) -> str:
        """The text the model is given."""
        return str(json.loads(self.body["messages"][-1]["content"])["question"])


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answers: a body with a status, or nothing at all for ever."""

    status: int = 200
    body: bytes = b""
    hangs: bool = False


@dataclass
class Server:
    """Counts what it is asked, and how many at once."""

    behaviour: Behaviour
    port: int = 0
    calls: list[Call] = field(default_factory=list)
    open: int = 0
    most_open: int = 0
    delay: float = 0.0
    """Seconds that every answer takes."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                path = line.split()[1].decode()
                headers: dict[str, str] = {}
                while (header := (await reader.readline()).decode().strip()) != "":
                    name, _, value = header.partition(":")
                    headers[name.lower()] = value.strip()
                call = Call(
                    path, headers, json.loads(await reader.readexactly(int(headers["content-length"])))
                )
                await self._answer(call, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, call: Call, writer: asyncio.StreamWriter) -> None:
        self.calls.append(call)
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            await asyncio.sleep(self.delay)
            reply = self.behaviour(call)
            if reply.hangs:
                await asyncio.Event().wait()
            head = f"HTTP/1.1 {reply.status} X\r\ncontent-length: {len(reply.body)}\r\n\r\n"
            writer.write(head.encode() + reply.body)
            await writer.drain()
        finally:
            self.open -= 1


@asynccontextmanager
async def serving(behaviour: Behaviour) -> AsyncIterator[Server]:
    """A server that behaves so, on a free port, until the end of the block."""
    made = Server(behaviour)
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await made.handle(reader, writer)
        except asyncio.CancelledError:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


def openai(data: object, tokens: int = 50) -> Reply:
    """`data` as chat completions answer it."""
    message = {"role": "assistant", "content": data if isinstance(data, str) else json.dumps(data)}
    body = {"choices": [{"index": 0, "message": message}], "usage": {"total_tokens": tokens}}
    return Reply(body=json.dumps(body).encode())


def anthropic(data: object) -> Reply:
    """`data` as messages answer it."""
    content = [
        {"type": "text", "text": "…"},
        {"type": "tool_use", "id": "1", "name": "answer", "input": data},
    ]
    return Reply(
        body=json.dumps({"content": content, "usage": {"input_tokens": 40, "output_tokens": 10}}).encode()
    )
