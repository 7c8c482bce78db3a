"""Who is online, by the age of their last heartbeat."""

from uuid import UUID

from infra import redis
from infra.clock import now
from infra.presence import LOOKING, ONLINE, ONLINE_SECONDS, RedisPresence

HERE, GONE, NEVER = UUID(int=1), UUID(int=2), UUID(int=3)


async def test_online_are_those_whose_heart_has_beaten_lately(redis_url: str) -> None:
    async with redis.connect(redis_url, "test") as client:
        present = now().timestamp()
        await client.zadd(ONLINE, {str(HERE): present, str(GONE): present - ONLINE_SECONDS - 5})
        presence = RedisPresence(client)

        assert await presence.online([HERE, GONE, NEVER]) == {HERE}
        assert await presence.looking([HERE, GONE, NEVER]) == set()
        await client.zadd(LOOKING, {str(HERE): present - ONLINE_SECONDS - 5, str(NEVER): present})
        assert await presence.looking([HERE, GONE, NEVER]) == {NEVER}
        assert await presence.online([]) == set()
