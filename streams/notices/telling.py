"""Tells people: takes what is due, looks whether it is still worth telling to somebody who is not looking, sends it,
and notes what became of it. At least once: the same notice again replaces itself at the reader's."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from time import perf_counter
from uuid import UUID

from psycopg import Error
from psycopg_pool import PoolTimeout
from redis.exceptions import RedisError

from infra.clock import now
from infra.log import EventLog
from infra.notifications import Address, Notifications
from infra.presence import RedisPresence
from projections.queries import notices as views
from schemas.topics import CONVERSATIONS
from streams.notices import queue
from streams.notices.channels import Unreachable, Way
from streams.notices.matters import matter
from streams.notices.metrics import PARKED, RETRIED, SEND_SECONDS, SENT, SPARED
from streams.notices.outcome import Gone, Later, Refused, Sent
from streams.notices.queue import Asked, Found, Pool, Queue, Waiting
from streams.notices.schedule import STALE, Channel, Pace, quiet_until
from streams.notices.tidings import Tiding, stirred_by, told_by

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
VIEWS_LATER = timedelta(milliseconds=300)
"""When the views do not hold yet what a notice is about."""
PUSH_LATER = timedelta(milliseconds=500)
"""Until a mail looks again what became of the push about the same."""
FORGET_SECONDS = 600.0


class Telling:
    """Sends by the `ways` there are."""

    def __init__(
        self, pool: Pool, store: EventLog, presence: RedisPresence, ways: Mapping[Channel, Way], pace: Pace
    ) -> None:
        self._pool = pool
        self._store = store
        self._presence = presence
        self._ways = ways
        self._pace = pace
        self._queue = Queue(pool, pace, list(ways))
        self._notifications = Notifications(pool)

    async def keep_telling(self) -> None:
        """Tell until cancelled. Any number of processes may."""
        forget = 0.0
        while True:
            try:
                busy = await self.tell()
                if (moment := asyncio.get_running_loop().time()) >= forget:
                    await self._queue.forget(now() - 2 * STALE)
                    forget = moment + FORGET_SECONDS
            except (Error, PoolTimeout, RedisError, OSError) as error:
                log.warning("nobody is told, since a store is away: %s", error)
                busy = False
            if not busy:
                await asyncio.sleep(LOOK_SECONDS)

    async def tell(self) -> bool:
        """One look: whether anything was due."""
        await self._take_again()
        stirred = await self._settle_rooms()
        due = await self._queue.claim(now())
        done = await asyncio.gather(*(self._one(one) for one in due), return_exceptions=True)
        for one, failure in zip(due, done, strict=True):
            if isinstance(failure, BaseException):
                if not isinstance(failure, Exception):
                    raise failure
                await self._failed(one, Later(f"{type(failure).__name__} here"))
                log.error("a notice at position %d failed", one.position, exc_info=failure)
        return bool(due) or stirred

    async def _settle_rooms(self) -> bool:
        """Note for each member of a stirred room whom something waits for; whether there was any room."""
        async with self._pool.connection() as connection, connection.transaction():
            found = await queue.take_stirred(connection, now())
            for one in found:
                if await views.views_reached(self._pool, CONVERSATIONS, one.partition) < one.position:
                    await queue.settle_stirred(connection, one, now() + VIEWS_LATER)
                    continue
                members = await views.with_unread(self._pool, one.room_id)
                reachable = await self._notifications.reachable(members)
                tidings = (Tiding(user_id, one.room_id, "message") for user_id in sorted(reachable))
                notes = [Found(tiding, one.partition, one.position, one.since) for tiding in tidings]
                await queue.add(connection, notes, self._pace)
                await queue.settle_stirred(connection, one, None)
        return bool(found)

    async def _one(self, one: Waiting) -> None:
        moment = now()
        if moment - one.since > STALE:
            return await self._spare(one)
        if await views.views_reached(self._pool, CONVERSATIONS, one.partition) < one.position:
            return await self._queue.later(one, moment + VIEWS_LATER, counted=False)
        to = await self._notifications.address(one.user_id)
        found = None if to is None else await matter(self._pool, one, moment)
        if to is None or found is None:
            return await self._spare(one)
        if (put_off := await self._put_off(one, to, moment)) is not None:
            return await (
                self._spare(one) if put_off <= moment else self._queue.later(one, put_off, counted=False)
            )
        began = perf_counter()
        try:
            attempt = await self._ways[one.channel].send(one, found, to, moment)
        except Unreachable:
            return await self._spare(one)
        SEND_SECONDS.labels(one.channel).observe(perf_counter() - began)
        match attempt.outcome:
            case Sent():
                SENT.labels(one.channel).inc()
                await self._queue.end(one, moment, told=True, seq=found.seq)
            case Gone():
                await self._spare(one)
            case failure:
                await self._failed(one, failure, attempt.devices)
        return None

    async def _put_off(self, one: Waiting, to: Address, moment: datetime) -> datetime | None:
        """Until when not to tell: None for now, `moment` for never."""
        if await self._presence.looking([one.user_id]):
            # The page shows it. A message may go unread all the same, and is mailed once nobody looks.
            if one.channel == "mail" and one.kind == "message":
                return moment + self._pace.mail
            until = self._pace.first(one.kind, one.channel, one.since) + self._pace.look_again
            return max(until, moment)
        choices = to.choices
        if (
            quiet := quiet_until(moment, choices.time_zone, choices.quiet_from, choices.quiet_to)
        ) is not None:
            return quiet
        if one.channel == "mail" and "push" in self._ways and choices.push and to.subscriptions:
            reached, waits = await self._queue.pushed(one)
            if reached:
                return moment
            if waits and moment < self._pace.first(one.kind, "mail", one.since) + self._pace.push_first:
                return moment + min(PUSH_LATER, self._pace.push_first)
        return None

    async def _spare(self, one: Waiting) -> None:
        SPARED.labels(one.channel).inc()
        await self._queue.end(one, now(), told=False)

    async def _failed(self, one: Waiting, failure: Later | Refused, reached: tuple[UUID, ...] = ()) -> None:
        after = None
        if isinstance(failure, Later):
            after = self._pace.after_failure(one.attempts, failure.after)
        if after is None:
            PARKED.labels(one.channel).inc()
            await self._queue.park(one, now(), failure.reason)
            return
        RETRIED.labels(one.channel).inc()
        log.warning(
            "%s of position %d is tried again in %s: %s", one.channel, one.position, after, failure.reason
        )
        await self._queue.later(one, now() + after, counted=True, reached=reached)

    async def _take_again(self) -> None:
        """Take up what an operator released: from its event again, as if it had just happened."""
        async with self._pool.connection() as connection, connection.transaction():
            for asked in await queue.take_asked(connection):
                await queue.again(connection, await self._found(asked), asked.channel, now())

    async def _found(self, asked: Asked) -> list[Found]:
        """What the event at that place has for that person."""
        events = await self._store.read_partition(
            asked.topic, asked.partition, asked.position - 1, asked.position
        )
        tidings = [tiding for event in events for tiding in told_by(event) if tiding.user_id == asked.user_id]
        rooms = [stirred_by(event) for event in events]
        tidings += [Tiding(asked.user_id, room, "message") for room in rooms if room is not None]
        return [Found(tiding, asked.partition, asked.position, now()) for tiding in tidings]
