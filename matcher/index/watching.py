"""Tells whether the indexes answer: each is asked every second, and what it says is for `/readyz` and the metrics.

A server that takes a question and never answers it is away as well; it is not asked again before that call has ended.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from prometheus_client import Gauge

LOOK_SECONDS = 1.0
PATIENCE_SECONDS = 2.0

UP = Gauge(
    "yeon_matcher_index_up", "1 while the index answers and holds what was put into it, 0 else.", ["index"]
)


class Watched(Protocol):
    """What is used of an index."""

    @property
    def name(self) -> str: ...

    def exists(self) -> bool: ...


class IndexWatch:
    """`out` says by name what is wrong with an index, as of the last look."""

    def __init__(self, indexes: Sequence[Watched]) -> None:
        """`indexes` may change under it."""
        self._indexes = indexes
        self._asked: dict[str, asyncio.Task[bool]] = {}
        self.out: dict[str, str] = {}

    async def watch_for_ever(self) -> None:
        """Look each second until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Ask every index; those that are away are each waited for no longer than 2 s."""
        indexes = list(self._indexes)
        found = await asyncio.gather(*(self._fault(index) for index in indexes))
        self.out = {
            index.name: fault for index, fault in zip(indexes, found, strict=True) if fault is not None
        }
        for gone in self._asked.keys() - {index.name for index in indexes}:
            del self._asked[gone]
            UP.remove(gone)
        for index in indexes:
            UP.labels(index.name).set(index.name not in self.out)

    async def _fault(self, index: Watched) -> str | None:
        asked = self._asked.get(index.name)
        if asked is None or asked.done():
            asked = self._asked[index.name] = asyncio.create_task(asyncio.to_thread(index.exists))
        await asyncio.wait({asked}, timeout=PATIENCE_SECONDS)
        if not asked.done():
            return "it does not answer"
        if (error := asked.exception()) is not None:
            return str(error) or type(error).__name__
        return None if asked.result() else "it is gone, and filled again from the store"
