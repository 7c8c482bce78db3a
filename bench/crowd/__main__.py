"""`python -m bench.crowd HOST PORT`: does what is asked on its standard input, one JSON object a line each way.

`{"do": "open", "sockets": [...], "under_way": 100}` opens sockets and answers when all are ready; `{"do": "count"}`
tells what came; `{"do": "drop"}` cuts all off. What is turned away comes back when it was told to, with a chance of its
own; that is part of the time.
"""

import asyncio
import json
import random
import sys
import time
from typing import Any

import uvloop

from bench.crowd.wire import Spec, Wire

COME_BACK_SECONDS = (0.1, 0.4)
"""Between which a socket that was turned away tries again. A browser's would wait longer."""


class Crowd:
    """The sockets of this process."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._wires: list[Wire] = []
        self._turned_away = 0

    async def open(self, specs: list[Spec], under_way: int) -> dict[str, Any]:
        """All of `specs`, with at most `under_way` handshakes at once; how long it took, in seconds."""
        gate = asyncio.Semaphore(under_way)
        self._wires, self._turned_away = [], 0
        began = time.perf_counter()
        times: list[float] = []

        async def one(spec: Spec) -> None:
            async with gate:
                self._wires.append(await self._come_in(spec))
                times.append(time.perf_counter() - began)

        await asyncio.gather(*(one(spec) for spec in specs))
        times.sort()
        return {
            "seconds": time.perf_counter() - began,
            "half_seconds": times[len(times) // 2],
            "turned_away": self._turned_away,
        }

    def count(self) -> dict[str, Any]:
        """What was delivered, to all together and to the one who got least."""
        each = [wire.delivered for wire in self._wires]
        return {"delivered": sum(each), "least": min(each, default=0)}

    def drop(self) -> dict[str, Any]:
        """Cut all off."""
        for wire in self._wires:
            wire.drop()
        return {}

    async def _come_in(self, spec: Spec) -> Wire:
        loop = asyncio.get_running_loop()
        while True:
            ready: asyncio.Future[bool] = loop.create_future()

            def came(_: Wire, ready: asyncio.Future[bool] = ready) -> None:
                ready.set_result(True)

            def ended(_: Wire, __: int, ready: asyncio.Future[bool] = ready) -> None:
                if not ready.done():
                    ready.set_result(False)

            try:
                _, wire = await loop.create_connection(
                    lambda: Wire(spec, came, ended), self._host, self._port
                )
                if await ready:
                    return wire
            except OSError:
                pass
            self._turned_away += 1
            await asyncio.sleep(random.uniform(*COME_BACK_SECONDS))


async def main(host: str, port: int) -> None:
    crowd = Crowd(host, port)
    while line := await asyncio.to_thread(sys.stdin.readline):
        asked = json.loads(line)
        match asked["do"]:
            case "open":
                specs = [Spec(**{**one, "say": tuple(one["say"])}) for one in asked["sockets"]]
                told = await crowd.open(specs, asked["under_way"])
            case "count":
                told = crowd.count()
            case "drop":
                told = crowd.drop()
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2])))
