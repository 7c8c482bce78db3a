"""The limits of the protocol: moving windows kept in Redis for all gateways, in this process while Redis is away."""

import logging
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any, Literal, cast

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from gateway.batched import Batched
from infra.redis import connect
from infra.settings import Settings

LimitName = Literal["messages", "questions", "logins", "registrations", "files"]
log = logging.getLogger(__name__)


class RateLimited(Exception):
    """Too much of `name` for now; `retry_after` says when it may go on, in seconds."""

    def __init__(self, name: str, retry_after: float) -> None:
        super().__init__(f"too many {name}: try again in {math.ceil(retry_after)} s")
        self.retry_after = retry_after


class Limits:
    """Counts what people do. Keys are scoped by the limit's name."""

    def __init__(self, settings: Settings) -> None:
        self._items: dict[LimitName, RateLimitItem] = {
            "messages": parse(settings.limit_messages),
            "questions": parse(settings.limit_questions),
            "logins": parse(settings.limit_logins),
            "registrations": parse(settings.limit_registrations),
            "files": parse(settings.limit_files),
        }
        storage = RedisStorage(
            f"async+{settings.redis_url}", implementation="redispy", key_prefix="yeon:limit"
        )
        self._redis = connect(settings.redis_url, "gateway-limits")
        _share_round_trips(storage, Batched(self._redis))
        self._shared = MovingWindowRateLimiter(storage)
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._shared_again_at = 0.0

    async def hit(self, name: LimitName, key: str) -> None:
        """Count one. Raises `RateLimited` (and does not count it) if that is one too many."""
        await self._ask(name, key, count=True)

    async def check(self, name: LimitName, key: str) -> None:
        """Raise `RateLimited` if one more would be too many; counts nothing."""
        await self._ask(name, key, count=False)

    async def close(self) -> None:
        """Leave Redis."""
        await self._redis.aclose()

    async def _ask(self, name: LimitName, key: str, count: bool) -> None:
        if time.monotonic() >= self._shared_again_at:
            try:
                await self._ask_at(self._shared, name, key, count)
                return
            except (RedisError, OSError) as error:
                self._shared_again_at = time.monotonic() + 1
                log.warning("limits are counted in this process while Redis is away: %s", error)
        await self._ask_at(self._own, name, key, count)

    async def _ask_at(self, limiter: MovingWindowRateLimiter, name: LimitName, key: str, count: bool) -> None:
        item = self._items[name]
        allowed = await (limiter.hit if count else limiter.test)(item, name, key)
        if not allowed:
            window = await limiter.get_window_stats(item, name, key)
            raise RateLimited(name, max(window.reset_time - time.time(), 0.05))


def _share_round_trips(storage: RedisStorage, redis: Batched) -> None:
    """Let the library's scripts of the moving window go with those of other callers, over one connection."""

    def script(text: bytes) -> Callable[[list[str], list[float]], Awaitable[Any]]:
        source = text.decode()

        async def run(keys: list[str], args: list[float]) -> Any:
            return await redis.run("EVAL", source, len(keys), *keys, *args)

        return run

    bridge = cast(Any, storage.bridge)
    bridge.lua_moving_window = script(bridge.SCRIPT_MOVING_WINDOW)
    bridge.lua_acquire_moving_window = script(bridge.SCRIPT_ACQUIRE_MOVING_WINDOW)
