"""Redis commands of many callers in few round trips: what comes while one is under way goes together in the next.

One connection is enough for any number of callers, so a rush of them neither opens connections nor runs out of them.
"""

import asyncio
import time
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeout

MOST = 500
"""Commands in one round trip."""
AWAY_SECONDS = 1.0
"""After Redis did not answer, everyone is told at once for so long, so that only one waits to find it out again."""

Argument = str | int | float | bytes


class Batched:
    """Runs commands. Of one caller and of all, they take effect in the order of the calls."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiting: list[tuple[tuple[Argument, ...], asyncio.Future[Any]]] = []
        self._runner: asyncio.Task[None] | None = None
        self._away_until = 0.0

    def run(self, *command: Argument) -> "asyncio.Future[Any]":
        """The answer to `command`, as redis-py gives it. It raises `RedisError` when Redis is away."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if time.monotonic() < self._away_until:
            future.set_exception(RedisTimeout("Redis did not answer a moment ago"))
            return future
        self._waiting.append((command, future))
        if self._runner is None:
            self._runner = asyncio.create_task(self._run())
        return future

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            pipeline = self._redis.pipeline(transaction=False)
            for command, _ in batch:
                pipeline.execute_command(*command)
            try:
                answers: list[Any] = await pipeline.execute(raise_on_error=False)
            except (RedisError, OSError) as error:
                if isinstance(error, RedisTimeout):
                    self._away_until = time.monotonic() + AWAY_SECONDS
                    batch, self._waiting = batch + self._waiting, []
                answers = [error] * len(batch)
            for (_, future), answer in zip(batch, answers, strict=True):
                if future.done():
                    continue
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)
        self._runner = None
