"""Looks for itself what stands still, in the database and not by way of a gateway, and at what the gateway says meanwhile:
whatever has stood for long must have been to be seen."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import psycopg

LONG_SECONDS = 8.0
"""A gateway tells of it after 5 s, if it is asked as often as here; one that says later than this that all flows is wrong."""
LOOK_SECONDS = 0.3
_FLOWS = b"""
    SELECT 'relay', (SELECT position FROM ops.relay_head), (SELECT position FROM store.log_head)
    UNION ALL
    SELECT t.consumer || ' ' || t.topic || '/' || t.partition, t.position, r.position
    FROM ops.tracking t JOIN ops.relay_checkpoints r USING (topic, partition)
"""


@dataclass
class Witness:
    """Watches until it is cancelled."""

    url: str
    """The database, reached past every proxy."""
    in_order: Callable[[], Awaitable[bool]]
    """Whether a gateway says that all flows, and its database answers."""
    longest: dict[str, float] = field(default_factory=dict)
    """By what stood, the longest time in seconds."""
    unseen: list[str] = field(default_factory=list)
    """What stood for long and was not to be seen."""
    _moved: dict[str, tuple[int, float]] = field(default_factory=dict)
    _said: float = 0.0
    """When the gateway last said that something is out of order."""
    _denied: float = 0.0
    """When it was last asked and said that all flows."""

    async def watch(self) -> None:
        await asyncio.gather(self._ask(), self._look())

    async def _ask(self) -> None:
        while True:
            asked = time.monotonic()
            if await self.in_order():
                self._denied = asked
            else:
                self._said = time.monotonic()
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(
                    self.url, autocommit=True, connect_timeout=2
                )
                async with connection:
                    while True:
                        rows = await (await connection.execute(_FLOWS)).fetchall()
                        self.note([row for row in rows if None not in row], time.monotonic())
                        await asyncio.sleep(LOOK_SECONDS)
            except psycopg.Error:  # then nothing can be said
                self._moved.clear()
                await asyncio.sleep(LOOK_SECONDS)

    def note(self, flows: list[tuple[str, int, int]], now: float) -> None:
        """Each of `flows` by name: how far it is, and how far it should be."""
        for name, done, wanted in flows:
            before = self._moved.get(name)
            if done >= wanted or before is None or before[0] != done:
                before = self._moved[name] = (done, now)
            stood = now - before[1]
            self.longest[name] = round(max(stood, self.longest.get(name, 0.0)), 1)
            if self._denied > before[1] + LONG_SECONDS and self._said < before[1]:
                self.unseen.append(f"{name} stood for {stood:.0f} s at {done}, though {wanted} was there")


def by_part(metrics: str, name: str) -> dict[str, float]:
    """The values of a metric in the text of `/metrics`, by its label `part`."""
    lines = [line for line in metrics.splitlines() if line.startswith(f"{name}{{part=")]
    return {line.split('"')[1]: float(line.rsplit(" ", 1)[1]) for line in lines}
