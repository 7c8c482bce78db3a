"""Somebody who speaks REST and WebSocket to the gateway under test, and remembers every frame."""

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

Frame = dict[str, Any]
PASSWORD = "correct horse battery"


class Person:
    """One person with at most one open socket."""

    def __init__(self, rest: httpx.AsyncClient, ws: str) -> None:
        self.rest = rest
        self.ws = ws
        self.id = UUID(int=0)
        self.username = ""
        self.tokens: Frame = {}
        self.frames: list[Frame] = []
        self.socket: ClientConnection | None = None
        self._arrived = asyncio.Condition()
        self._reader: asyncio.Task[None] | None = None
        self._numbers = itertools.count(1)

    async def register(self, username: str, role: str, name: str) -> None:
        answer = await self.rest.post(
            "/auth/register",
            json={
                "username": username,
                "email": f"{username}@example.org",
                "password": PASSWORD,
                "role": role,
                "displayName": name,
            },
        )
        assert answer.status_code == 201, answer.text
        self.username = username
        self.take(answer.json())

    def take(self, tokens: Frame) -> None:
        self.tokens = tokens
        self.id = UUID(tokens["user"]["id"])
        self.rest.headers["Authorization"] = f"Bearer {tokens['accessToken']}"

    async def ask(self, content: str, **more: Any) -> Frame:
        answer = await self.rest.post("/questions", json={"content": content, **more})
        assert answer.status_code == 201, answer.text
        question: Frame = answer.json()
        return question

    async def until_visible(self, path: str) -> Frame:
        """What a GET gives once it is there (for what others wrote)."""
        async with asyncio.timeout(10):
            while (answer := await self.rest.get(path)).status_code != 200:
                await asyncio.sleep(0.01)
        found: Frame = answer.json()
        return found

    async def connect(self) -> Frame:
        await self.open()
        await self.tell("authenticate", token=self.tokens["accessToken"])
        return await self.frame("authenticated", since=len(self.frames))

    async def open(self, **arguments: Any) -> ClientConnection:
        """A socket that has said nothing yet."""
        self.socket = await connect(self.ws, compression=None, max_size=None, **arguments)
        self._reader = asyncio.create_task(self._read(self.socket))
        return self.socket

    async def tell(self, kind: str, frame_id: Any = None, **data: Any) -> None:
        """Send a frame and wait for nothing."""
        assert self.socket is not None
        whole = {"type": kind, "data": data} | ({} if frame_id is None else {"id": frame_id})
        await self.socket.send(orjson.dumps(whole).decode())

    async def send(self, kind: str, **data: Any) -> Frame:
        """Send a frame; the whole answer."""
        number = f"n{next(self._numbers)}"
        await self.tell(kind, number, **data)
        return await self.answer(number)

    async def answer(self, frame_id: Any) -> Frame:
        found: Frame = await self.until(
            lambda: next((frame for frame in self.frames if frame.get("id") == frame_id), None)
        )
        return found

    async def say(self, room: str, content: str, client_msg_id: str) -> Frame:
        message = {"content": content, "clientMsgId": client_msg_id}
        return await self.send("send_message", roomId=room, message=message)

    async def frame(self, kind: str, since: int = 0, **values: Any) -> Frame:
        """The data of the first frame of this kind with these values."""

        def found() -> Frame | None:
            for frame in self.frames[since:]:
                if frame["type"] == kind and all(frame["data"].get(k) == v for k, v in values.items()):
                    return frame
            return None

        data: Frame = (await self.until(found))["data"]
        return data

    async def until(self, condition: Callable[[], Any], within: float = 10) -> Any:
        async with self._arrived:
            try:
                async with asyncio.timeout(within):
                    while not (result := condition()):
                        await self._arrived.wait()
                    return result
            except TimeoutError:
                raise TimeoutError(f"not seen; seen: {self.frames[-20:]}") from None

    def seqs(self, room: str) -> list[int]:
        """The numbers of the room's durable frames, as they came."""
        return [
            frame["data"]["seq"]
            for frame in self.frames
            if frame["data"].get("roomId") == room and "seq" in frame["data"] and "id" not in frame
        ]

    async def closed(self) -> int:
        """The code with which the server ended the connection."""
        assert self.socket is not None
        async with asyncio.timeout(10):
            await self.socket.wait_closed()
        assert self.socket.close_code is not None
        return self.socket.close_code

    async def _read(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for text in socket:
                async with self._arrived:
                    self.frames.append(orjson.loads(text))
                    self._arrived.notify_all()

    async def disconnect(self) -> None:
        if self.socket is not None:
            await self.socket.close()
            self.socket = None
        if self._reader is not None:
            await self._reader
            self._reader = None

    async def close(self) -> None:
        await self.disconnect()
        await self.rest.aclose()


def problem(answer: httpx.Response, status: int, code: str, field: str | None = None) -> Frame:
    """The body of an answer that must be this error."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: Frame = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    assert field is None or [one["field"] for one in body["errors"]] == [field]
    return body
