"""Who is online, as the gateways write it: the Redis sorted set `yeon:online`, a user's latest heartbeat as score.

A gateway refreshes the people on its sockets every few seconds; whoever was not refreshed lately has gone, also
after a crash of their gateway. Presence is never stored and may be a little late, so nothing may depend on it
but order and display.
"""

from collections.abc import Sequence
from uuid import UUID

from redis.asyncio import Redis

from infra.clock import now

ONLINE = "yeon:online"
"""Member: the user id; score: the Unix time in seconds of the latest heartbeat of any of their sockets."""
REFRESH_SECONDS = 2
ONLINE_SECONDS = 7
"""How old the latest heartbeat of someone who is online may be.

Longer than a refresh and an absence of five seconds that is none; with the next look of another gateway at whose
heartbeat is old, a crash is noticed within ten seconds.
"""


class RedisPresence:
    """The `Presence` port over Redis. Raises `redis.RedisError` when Redis is away."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def online(self, user_ids: Sequence[UUID]) -> set[UUID]:
        """Those of `user_ids` with an open socket at any gateway."""
        if not user_ids:
            return set()
        oldest = now().timestamp() - ONLINE_SECONDS
        scores = await self._redis.zmscore(ONLINE, [str(user_id) for user_id in user_ids])
        return {
            user_id
            for user_id, score in zip(user_ids, scores, strict=True)
            if score is not None and float(score) >= oldest
        }
