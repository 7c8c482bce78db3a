"""Who is online, and who is looking, as the gateways write it: sorted sets in Redis, a user's latest heartbeat as score.

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
LOOKING = "yeon:looking"
"""The same of those who see a client: of whoever sees none any more nothing is taken away, their last heartbeat ages."""
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
        return await self._beating(ONLINE, user_ids)

    async def looking(self, user_ids: Sequence[UUID]) -> set[UUID]:
        """Those of `user_ids` who see one of their clients, or did in the last `ONLINE_SECONDS`."""
        return await self._beating(LOOKING, user_ids)

    async def _beating(self, hearts: str, user_ids: Sequence[UUID]) -> set[UUID]:
        if not user_ids:
            return set()
        oldest = now().timestamp() - ONLINE_SECONDS
        scores = await self._redis.zmscore(hearts, [str(user_id) for user_id in user_ids])
        return {
            user_id
            for user_id, score in zip(user_ids, scores, strict=True)
            if score is not None and float(score) >= oldest
        }
