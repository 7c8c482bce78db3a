"""A crowd as the benchmark sees it: started, asked, and gone at the end."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from typing import Any

from bench.crowd.wire import Spec

LINE_BYTES = 64_000_000
ANSWER_SECONDS = 90.0


class Crowds:
    """Several processes of clients, asked together."""

    def __init__(self, processes: Sequence[asyncio.subprocess.Process]) -> None:
        self._processes = processes

    async def open(self, specs: Sequence[Spec], under_way: int = 100) -> dict[str, Any]:
        """Open one socket for each of `specs`, spread over the processes; the time of the slowest, in seconds."""
        n = len(self._processes)
        asked = [
            {"do": "open", "sockets": [asdict(spec) for spec in specs[i::n]], "under_way": under_way // n}
            for i in range(n)
        ]
        told = await asyncio.gather(*(_ask(p, a) for p, a in zip(self._processes, asked, strict=True)))
        return {
            "seconds": max(one["seconds"] for one in told),
            "half_seconds": max(one["half_seconds"] for one in told),
            "turned_away": sum(one["turned_away"] for one in told),
        }

    async def delivered(self) -> int:
        """How many deliveries all sockets counted since they were opened."""
        told = await asyncio.gather(*(_ask(p, {"do": "count"}) for p in self._processes))
        return sum(one["delivered"] for one in told)

    async def until_delivered(self, expected: int, seconds: float = 20.0) -> int:
        """Wait until `expected` deliveries were counted, so many seconds at most; how many there were."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while (count := await self.delivered()) < expected and loop.time() < deadline:
            await asyncio.sleep(0.1)
        return count

    async def drop(self) -> None:
        """Cut all sockets off."""
        await asyncio.gather(*(_ask(p, {"do": "drop"}) for p in self._processes))


@asynccontextmanager
async def crowds(port: int, processes: int = 1) -> AsyncIterator[Crowds]:
    """`processes` crowds for the server at `port` of this machine, until the block ends."""
    async with AsyncExitStack() as stack:
        yield Crowds([await stack.enter_async_context(_process(port)) for _ in range(processes)])


@asynccontextmanager
async def _process(port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.crowd", "127.0.0.1", str(port), stdin=PIPE, stdout=PIPE, limit=LINE_BYTES
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _ask(process: asyncio.subprocess.Process, asked: dict[str, Any]) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(asked).encode() + b"\n")
    await process.stdin.drain()
    async with asyncio.timeout(ANSWER_SECONDS):
        told: dict[str, Any] = json.loads(await process.stdout.readline())
    return told
