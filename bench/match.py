"""Match: from the POST of a question to `question_assigned` on an expert's socket, encoder included."""

import argparse
import asyncio
import sys
import time
from uuid import UUID

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect

from bench.stack import Running, percentiles, running, say
from bench.tokens import Signer
from bench.world import FIELDS, World
from infra.settings import Settings

QUESTIONS = (
    "{} 분야에서 처음 시작하는데 무엇부터 봐야 할까요?",
    "{} 일을 하다가 막혔어요. 흔한 실수가 뭔가요?",
    "What should I check first when {} does not work as expected?",
)


async def _expert(
    stack: Running, tokens: Signer, user_id: UUID, arrived: dict[str, float]
) -> ClientConnection:
    socket = await connect(stack.ws, compression=None)
    token = tokens.access(user_id, "expert")
    await socket.send(orjson.dumps({"type": "authenticate", "data": {"token": token}}).decode())
    ready = asyncio.Event()

    async def read() -> None:
        async for text in socket:
            frame = orjson.loads(text)
            if frame["type"] == "authenticated":
                ready.set()
            elif frame["type"] == "question_assigned":
                arrived.setdefault(frame["data"]["question"]["id"], time.perf_counter())

    task = asyncio.create_task(read())
    _tasks.add(task)
    await asyncio.wait_for(ready.wait(), 20)
    return socket


_tasks: set[asyncio.Task[None]] = set()


async def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.match")
    parser.add_argument("--experts", type=int, default=1000)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--every", type=float, default=0.25, help="seconds between two questions")
    options = parser.parse_args(arguments or [])
    with running() as stack:
        settings = Settings(data_dir=stack.data_dir)
        tokens = Signer(settings)
        async with World(settings) as world:
            experts = list(await asyncio.gather(*(world.expert(n) for n in range(options.experts))))
            asker = await world.person(0, "questioner")
        arrived: dict[str, float] = {}
        sockets = [await _expert(stack, tokens, expert, arrived) for expert in experts]
        asked: dict[str, float] = {}
        async with httpx.AsyncClient(base_url=stack.http, timeout=20) as http:
            await asyncio.to_thread(stack.wait_until_caught_up)
            http.headers["Authorization"] = f"Bearer {tokens.access(asker, 'questioner')}"
            for number in range(options.questions + 5):
                content = QUESTIONS[number % len(QUESTIONS)].format(FIELDS[number % len(FIELDS)])
                began = time.perf_counter()
                answer = await http.post("/api/questions", json={"content": content})
                answer.raise_for_status()
                if number >= 5:
                    asked[answer.json()["id"]] = began
                await asyncio.sleep(max(0.0, options.every - (time.perf_counter() - began)))
            deadline = time.perf_counter() + 20
            while len(arrived.keys() & asked.keys()) < len(asked) and time.perf_counter() < deadline:
                await asyncio.sleep(0.05)
        times = [arrived[question] - began for question, began in asked.items() if question in arrived]
        say(
            "match",
            experts=options.experts,
            questions=len(asked),
            assigned=len(times),
            assigned_ms=percentiles(times),
            memory_mb=stack.memory_mb(),
        )
        for task in _tasks:
            task.cancel()
        for socket in sockets:
            await socket.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
