"""Keeps an encoder off the event loop: one thread of its own, asked from `async` code.

Questions go before profiles: a long batch of profiles is encoded in small parts, and a question waits for at most
one of them.
"""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import PriorityQueue
from threading import Thread

import numpy as np

from matcher.encoders.contract import Encoder, Vectors

PROFILES_AT_ONCE = 4
"""A profile takes some 20 to 50 ms; a question waits for this many at most."""

_QUESTION, _PROFILE, _STOP = 0, 1, 2


class Stopped(RuntimeError):
    """The encoder's thread has ended."""


@dataclass(order=True, slots=True)
class _Job:
    priority: int
    number: int
    work: Callable[[], Vectors] | None = field(compare=False)
    result: "Future[Vectors]" = field(compare=False)


class EncoderThread:
    """An encoder and its thread. `start` loads the encoder there, `stop` ends the thread."""

    def __init__(self, load: Callable[[], Encoder]) -> None:
        self._load = load
        self._jobs: PriorityQueue[_Job] = PriorityQueue()
        self._numbers = itertools.count()
        self._thread = Thread(target=self._run, name="encoder", daemon=True)
        self._loaded: Future[Encoder] = Future()
        self._stopping = False

    async def start(self) -> Encoder:
        """Load the encoder and return it, for its identity and dimension; its methods are for the thread only."""
        self._thread.start()
        return await asyncio.wrap_future(self._loaded)

    async def queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors of questions, encoded together and before any waiting profile."""
        if not texts:
            return np.empty((0, self._encoder.dim), dtype=np.float32)
        return await self._ask(_QUESTION, lambda: self._encoder.queries(texts))

    async def passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of profiles, a few at a time."""
        parts = [texts[i : i + PROFILES_AT_ONCE] for i in range(0, len(texts), PROFILES_AT_ONCE)]
        empty = np.empty((0, self._encoder.dim), dtype=np.float32)
        done = [await self._ask(_PROFILE, lambda part=part: self._encoder.passages(part)) for part in parts]  # type: ignore[misc]
        return np.concatenate([empty, *done])

    async def late_queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors of questions that nobody waits for: behind all that is waited for, a few at a time."""
        parts = [texts[i : i + PROFILES_AT_ONCE] for i in range(0, len(texts), PROFILES_AT_ONCE)]
        empty = np.empty((0, self._encoder.dim), dtype=np.float32)
        done = [await self._ask(_PROFILE, lambda part=part: self._encoder.queries(part)) for part in parts]  # type: ignore[misc]
        return np.concatenate([empty, *done])

    async def stop(self) -> None:
        """Finish what was asked for and end the thread."""
        self._stopping = True
        self._jobs.put(_Job(_STOP, next(self._numbers), None, Future()))
        await asyncio.to_thread(self._thread.join)

    @property
    def identity(self) -> str:
        """The encoder's, once it is loaded."""
        return self._encoder.identity

    @property
    def _encoder(self) -> Encoder:
        return self._loaded.result(timeout=0)

    async def _ask(self, priority: int, work: Callable[[], Vectors]) -> Vectors:
        if self._stopping:
            raise Stopped("the encoder's thread has ended")
        job = _Job(priority, next(self._numbers), work, Future())
        self._jobs.put(job)
        return await asyncio.wrap_future(job.result)

    def _run(self) -> None:
        try:
            self._loaded.set_result(self._load())
        except BaseException as error:
            self._loaded.set_exception(error)
            return
        while True:
            job = self._jobs.get()
            if job.work is None:
                return
            if not job.result.set_running_or_notify_cancel():
                continue
            try:
                job.result.set_result(job.work())
            except BaseException as error:
                job.result.set_exception(error)
