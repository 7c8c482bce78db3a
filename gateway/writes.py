"""Reading one's own writes, at any gateway: what a person wrote is remembered, and their reads wait for it.

The memory is the Redis hash `yeon:writes:<user id>` with the highest position per topic and partition, and a copy in
this process for the time Redis is away.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from uuid import UUID

from redis.exceptions import RedisError

from gateway.batched import Batched
from gateway.together import Together
from infra.push import ProgressHeard
from projections.queries.progress import position
from projections.queries.reading import Pool
from schemas.envelope import Outcome
from schemas.topics import ACCOUNTS, CONVERSATIONS, EXPERTS

VIEW_OF = {ACCOUNTS: "people", EXPERTS: "experts", CONVERSATIONS: "rooms"}
"""A view fed by each topic; all views of a topic move together, in one transaction."""
REMEMBERED_SECONDS = 60
REMEMBERED_PEOPLE = 10_000
POLL_SECONDS = 0.05
log = logging.getLogger(__name__)

_RAISE = """
if ARGV[2] + 0 > tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0') then
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end
redis.call('EXPIRE', KEYS[1], ARGV[3])
"""

_READ = """
local found = {}
for i, key in ipairs(KEYS) do found[i] = redis.call('HGETALL', key) end
return found
"""
MANY = 500
"""People asked about at once."""

Place = tuple[str, int]
"""Topic and partition."""


class Writes:
    """Who wrote what, and how far the views are."""

    def __init__(self, redis: Batched, pool: Pool, patience: float) -> None:
        """A read waits at most `patience` seconds."""
        self._redis = redis
        self._shared = Together(self._read, MANY)
        self._pool = pool
        self._patience = patience
        self._own: OrderedDict[UUID, tuple[float, dict[Place, int]]] = OrderedDict()
        self._reached: dict[Place, int] = {}
        self._moved = asyncio.Event()

    async def wrote(self, user_id: UUID, outcome: Outcome) -> None:
        """Remember what `user_id` just wrote; call it before they are answered."""
        if outcome.position == 0:
            return
        place = (outcome.topic, outcome.partition)
        _, mine = self._own.pop(user_id, (0.0, {}))
        mine[place] = max(mine.get(place, 0), outcome.position)
        self._own[user_id] = (time.monotonic() + REMEMBERED_SECONDS, mine)
        if len(self._own) > REMEMBERED_PEOPLE:
            self._own.popitem(last=False)
        field = f"{outcome.topic}:{outcome.partition}"
        try:
            key = f"yeon:writes:{user_id}"
            await self._redis.run("EVAL", _RAISE, 1, key, field, outcome.position, REMEMBERED_SECONDS)
        except (RedisError, OSError) as error:
            log.warning("own writes are remembered in this process only: %s", error)

    def progressed(self, heard: ProgressHeard) -> None:
        """The views of a partition moved on."""
        place = (heard.topic, heard.partition)
        if heard.position > self._reached.get(place, 0):
            self._reached[place] = heard.position
            self._moved.set()

    async def visible(self, user_id: UUID) -> bool:
        """Wait until the views hold what `user_id` wrote. False if they did not within the patience."""
        missing = {
            place: wanted
            for place, wanted in (await self._written(user_id)).items()
            if self._reached.get(place, 0) < wanted
        }
        if not missing:
            return True
        deadline = time.monotonic() + self._patience
        while True:
            for place, wanted in list(missing.items()):
                if await self._has(place, wanted):
                    del missing[place]
            left = deadline - time.monotonic()
            if not missing or left <= 0:
                return not missing
            self._moved.clear()
            if any(self._reached.get(place, 0) >= wanted for place, wanted in missing.items()):
                continue
            try:
                await asyncio.wait_for(self._moved.wait(), min(POLL_SECONDS, left))
            except TimeoutError:
                continue

    async def _has(self, place: Place, wanted: int) -> bool:
        if self._reached.get(place, 0) >= wanted:
            return True
        topic, partition = place
        reached = await position(self._pool, f"view:{VIEW_OF[topic]}", topic, partition)
        self._reached[place] = max(self._reached.get(place, 0), reached)
        return reached >= wanted

    async def _written(self, user_id: UUID) -> dict[Place, int]:
        until, mine = self._own.get(user_id, (0.0, {}))
        written = dict(mine) if until > time.monotonic() else {}
        try:
            shared = await self._shared.of(user_id)
        except (RedisError, OSError) as error:
            log.warning("own writes at other gateways are not known: %s", error)
            return written
        for field, wanted in zip(shared[::2], shared[1::2], strict=True):
            topic, _, partition = field.decode().rpartition(":")
            place = (topic, int(partition))
            written[place] = max(written.get(place, 0), int(wanted))
        return written

    async def _read(self, user_ids: Sequence[UUID]) -> list[list[bytes]]:
        """Of each person field and value, in turns, of what is remembered for all gateways."""
        keys = [f"yeon:writes:{user_id}" for user_id in user_ids]
        found: list[list[bytes]] = await self._redis.run("EVAL", _READ, len(keys), *keys)
        return found
