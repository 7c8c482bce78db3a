"""Questions of many callers asked as one: what comes while one is under way goes together in the next.

A rush of sockets that come back then costs the database a few statements, not a few for each socket. While it lasts, what
is asked waits a little for what comes after it: to ask at all is a good part of what a question costs.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

PACE_SECONDS = 0.02
RUSH = 8
"""So many keys within `PACE_SECONDS` are a rush; those after them wait for the end of that time."""

Key = TypeVar("Key")
Value = TypeVar("Value")


class Together(Generic[Key, Value]):
    """Answers one key by asking for many."""

    def __init__(
        self,
        ask: Callable[[Sequence[Key]], Awaitable[Sequence[Value]]],
        most: int,
        weight: Callable[[Key], int] | None = None,
    ) -> None:
        """`ask` answers each of several keys, in their order; what it raises, all who waited for it get.

        It is asked for so many at once as weigh at most `most`, or for one; each weighs 1 if there is no `weight`.
        """
        self._ask = ask
        self._most = most
        self._weight = weight
        self._waiting: list[tuple[Key, asyncio.Future[Value]]] = []
        self._runner: asyncio.Task[None] | None = None
        self._since = 0.0
        self._asked = 0
        """How many keys were asked for since then, which is less than `PACE_SECONDS` ago."""

    def of(self, key: Key) -> "asyncio.Future[Value]":
        """What `ask` answers to `key`, asked after this call."""
        future: asyncio.Future[Value] = asyncio.get_running_loop().create_future()
        self._waiting.append((key, future))
        if self._runner is None:
            self._runner = asyncio.create_task(self._run())
        return future

    async def _run(self) -> None:
        while self._waiting:
            count = self._together()
            if count >= len(self._waiting) and (early := self._early()) > 0:
                await asyncio.sleep(early)
                count = self._together()
            batch, self._waiting = self._waiting[:count], self._waiting[count:]
            self._note(len(batch))
            try:
                answers = await self._ask([key for key, _ in batch])
            except Exception as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    future.set_result(answer)
        self._runner = None

    def _early(self) -> float:
        """How many seconds to wait for others, in a rush."""
        left = self._since + PACE_SECONDS - asyncio.get_running_loop().time()
        return left if self._asked >= RUSH else 0.0

    def _note(self, keys: int) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._since + PACE_SECONDS:
            self._since, self._asked = now, 0
        self._asked += keys

    def _together(self) -> int:
        """How many of those who wait are asked for at once."""
        if self._weight is None:
            return self._most
        weight = 0
        for count, (key, _) in enumerate(self._waiting):
            weight += self._weight(key)
            if weight > self._most:
                return max(1, count)
        return len(self._waiting)
