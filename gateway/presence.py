"""Who is online and who is looking, kept in Redis for all gateways, and said to the people they share a room with when it changes.

Presence is never stored and may be a little late. A gateway that dies stops refreshing; any other one notices.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from os import getpid
from socket import gethostname
from uuid import UUID

from psycopg import Error as DatabaseError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway import frames
from gateway.batched import Batched
from gateway.together import Together
from infra.ending import ended
from infra.presence import LOOKING, ONLINE, ONLINE_SECONDS, REFRESH_SECONDS
from infra.push import Heard
from projections.queries.reading import Pool
from projections.queries.rooms import room_ids_of

GRACE_SECONDS = 5.0
"""How long a person may be without a socket, as when a phone switches applications, before they are gone."""
RUSH_SECONDS = 10.0
"""As long at most while many come back at once: some of them are only waiting for their turn, and to tell everybody of
each absence and its end would keep the others waiting longer."""
RUSH = 25
"""So many who come within `SEE_OFF_SECONDS` are many."""
SEE_OFF_SECONDS = 0.25
"""How often it is looked who has been away for too long."""
SOCKETS = "yeon:sockets"
"""Redis hash: each gateway process with how many sockets it has, and the Unix time in seconds when it said so."""
NODE = f"{gethostname()}:{getpid()}"
log = logging.getLogger(__name__)

MANY = 500
"""People asked about at once."""
_ADD = """
local added = {}
for i = 1, #ARGV, 2 do
    added[#added + 1] = redis.call('ZADD', KEYS[1], 'GT', ARGV[i + 1], ARGV[i])
    if KEYS[2] then redis.call('ZADD', KEYS[2], 'GT', ARGV[i + 1], ARGV[i]) end
end
return added
"""
_REMOVE = """
local removed = {}
for i = 1, #ARGV, 2 do
    local score = redis.call('ZSCORE', KEYS[1], ARGV[i])
    local old = score and tonumber(score) <= tonumber(ARGV[i + 1])
    removed[#removed + 1] = old and redis.call('ZREM', KEYS[1], ARGV[i]) or 0
end
return removed
"""


class Present:
    """The people with a socket at this gateway."""

    def __init__(
        self,
        redis: Redis,
        batched: Batched,
        pool: Pool,
        say: Callable[[Sequence[Heard]], Awaitable[None]],
    ) -> None:
        """`batched` is for what a rush asks, `redis` for the rest; `say` tells rooms, here and at other gateways."""
        self._redis = redis
        self._batched = batched
        self._say = say
        self._rooms = Together(partial(room_ids_of, pool), MANY)
        self._come = Together(partial(self._each, _ADD, (ONLINE, LOOKING)), MANY)
        self._look = Together(partial(self._each, _ADD, (LOOKING,)), MANY)
        self._remove = Together(partial(self._each, _REMOVE, (ONLINE,)), MANY)
        self._sockets: Counter[UUID] = Counter()
        self._hidden: Counter[UUID] = Counter()
        """How many of them the person does not see."""
        self.sockets = 0
        """How many sockets of anyone."""
        self._refreshed: dict[UUID, float] = {}
        self._left: dict[UUID, float] = {}
        """Since when those without a socket have none, in the loop's time, the longest first."""
        self._came = 0
        """How many came since it was last looked who is away."""
        self._seeing_off = False
        self._beating = asyncio.Lock()
        """So that nobody who is seen off is refreshed afterwards."""
        self._tasks: set[asyncio.Task[None]] = set()

    def sockets_of(self, user_id: UUID) -> int:
        """How many sockets the person has here."""
        return self._sockets[user_id]

    async def everyone(self) -> list[UUID]:
        """Who is online at any gateway. Raises `RedisError` when Redis is away."""
        members = await self._redis.zrangebyscore(ONLINE, time.time() - ONLINE_SECONDS, "+inf")
        return [_user(member) for member in members]

    async def by_node(self) -> dict[str, int]:
        """How many sockets each gateway process has that said so lately. Raises `RedisError`."""
        now = time.time()
        found: dict[str, int] = {}
        for node, said in (await self._redis.hgetall(SOCKETS)).items():
            count, at = _text(said).split()
            if now - float(at) <= ONLINE_SECONDS:
                found[_text(node)] = int(count)
            else:
                await self._redis.hdel(SOCKETS, node)
        return found

    def came(self, user_id: UUID) -> None:
        """One more socket of this person."""
        self.sockets += 1
        self._came += 1
        self._left.pop(user_id, None)
        self._sockets[user_id] += 1
        if self._sockets[user_id] == 1:
            now = time.time()
            self._refreshed[user_id] = now
            self._come.of((user_id, now)).add_done_callback(partial(self._arrived, user_id))
        elif self._sockets[user_id] == self._hidden[user_id] + 1:
            self._looked(user_id)

    def sees(self, user_id: UUID, visible: bool) -> None:
        """The person sees one socket's client again, or does not any more; not said twice of one."""
        if not visible:
            self._hidden[user_id] += 1
            return
        self._unhide(user_id)
        if self._sockets[user_id] == self._hidden[user_id] + 1:
            self._looked(user_id)

    def went(self, user_id: UUID, hidden: bool = False) -> None:
        """One socket less, whose client the person did not see if it was `hidden`."""
        self.sockets -= 1
        if hidden:
            self._unhide(user_id)
        self._sockets[user_id] -= 1
        if self._sockets[user_id] <= 0:
            del self._sockets[user_id]
            self._left[user_id] = asyncio.get_running_loop().time()
            if not self._seeing_off:
                self._seeing_off = True
                self._spawn(self._see_off())

    async def run(self) -> None:
        """Refresh everyone here, and notice whose gateway died, every few seconds for ever."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            try:
                await self.refresh()
            except (RedisError, OSError) as error:
                log.warning("presence is not refreshed: %s", error)

    async def refresh(self) -> None:
        """One heartbeat of everyone here, and one look for those without."""
        now = time.time()
        await self._redis.hset(SOCKETS, NODE, f"{self.sockets} {now:.0f}")
        async with self._beating:
            if here := self._sockets.keys() | self._left.keys():
                await self._redis.zadd(ONLINE, {str(user_id): now for user_id in here}, gt=True)
                self._refreshed.update(dict.fromkeys(here, now))
        looking = {
            user_id for user_id, count in self._sockets.items() if count > self._hidden.get(user_id, 0)
        }
        if looking:
            await self._redis.zadd(LOOKING, {str(user_id): now for user_id in looking}, gt=True)
        await self._redis.zremrangebyscore(LOOKING, "-inf", now - 2 * ONLINE_SECONDS)
        late = [_user(one) for one in await self._redis.zrangebyscore(ONLINE, "-inf", now - ONLINE_SECONDS)]
        removed = await asyncio.gather(
            *(self._remove.of((user_id, now - ONLINE_SECONDS)) for user_id in late)
        )
        gone = [user_id for user_id, first in zip(late, removed, strict=True) if first]
        await asyncio.gather(*(self._announce(user_id, online=False) for user_id in gone))

    async def close(self) -> None:
        """Tell nobody: whoever was here is about to come back elsewhere, and otherwise runs out there."""
        await ended(self._tasks)

    def _arrived(self, user_id: UUID, added: "asyncio.Future[int]") -> None:
        if (error := added.exception()) is not None:
            log.warning("nobody is told that someone came: %s", error)
        elif added.result():
            self._spawn(self._announce(user_id, online=True))

    def _unhide(self, user_id: UUID) -> None:
        self._hidden[user_id] -= 1
        if not self._hidden[user_id]:
            del self._hidden[user_id]

    def _looked(self, user_id: UUID) -> None:
        self._look.of((user_id, time.time())).add_done_callback(_noted)

    async def _see_off(self) -> None:
        clock = asyncio.get_running_loop().time
        while self._left:
            await asyncio.sleep(SEE_OFF_SECONDS)
            rush, self._came = self._came > RUSH, 0
            since = clock() - (RUSH_SECONDS if rush else GRACE_SECONDS)
            async with self._beating:
                while self._left and self._left[first := next(iter(self._left))] <= since:
                    del self._left[first]
                    self._spawn(self._depart(first))
        self._seeing_off = False

    async def _depart(self, user_id: UUID) -> None:
        try:
            if await self._remove.of((user_id, self._refreshed.pop(user_id, 0.0))):
                await self._announce(user_id, online=False)
        except (RedisError, OSError) as error:
            log.warning("nobody is told that someone went: %s", error)

    async def _announce(self, user_id: UUID, online: bool) -> None:
        try:
            rooms = await self._rooms.of(user_id)
        except DatabaseError as error:
            log.warning("nobody is told who came or went: %s", error)
            return
        frame = frames.presence(user_id, online)
        await self._say([Heard("room", room, 0, frame) for room in rooms])

    async def _each(
        self, script: str, keys: Sequence[str], people: Sequence[tuple[UUID, float]]
    ) -> list[int]:
        """What `script` does with each person and time at `keys`."""
        said = [one for user_id, at in people for one in (str(user_id), at)]
        answers: list[int] = await self._batched.run("EVAL", script, len(keys), *keys, *said)
        return answers

    def _spawn(self, coroutine: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _noted(added: "asyncio.Future[int]") -> None:
    if not added.cancelled() and (error := added.exception()) is not None:
        log.warning("it is not noted that someone looks: %s", error)


def _user(member: object) -> UUID:
    return UUID(_text(member))


def _text(said: object) -> str:
    return said.decode() if isinstance(said, bytes) else str(said)
