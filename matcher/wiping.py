"""Writes an index anew from which somebody was forgotten, so that nothing of theirs is left in its files."""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Protocol

from matcher.index.shard import NotAnew

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
REST = 10
"""So many times as long as it took an index is left in peace, however many are forgotten one after the other."""


class Wipeable(Protocol):
    """An index, as far as its files go."""

    @property
    def name(self) -> str: ...

    @property
    def stale(self) -> bool: ...

    def write_anew(self) -> None: ...


async def keep_wiping(indexes: Sequence[Wipeable]) -> None:
    """Look for stale indexes until cancelled; `indexes` may change meanwhile."""
    rests: dict[str, float] = {}
    while True:
        for index in list(indexes):
            began = time.monotonic()
            if index.stale and rests.get(index.name, 0.0) <= began:
                await wipe(index)
                rests[index.name] = time.monotonic() + REST * (time.monotonic() - began)
        await asyncio.sleep(LOOK_SECONDS)


async def wipe(index: Wipeable) -> None:
    """Write a stale index anew. If that fails it is as it was, and is tried again later."""
    try:
        await asyncio.to_thread(index.write_anew)
    except NotAnew as error:
        log.warning("%s; what was removed from it is still in its files", error)
    else:
        log.info("index %s was written anew, without anything that was removed", index.name)
