"""The audit inside the streams role: each second what has been applied since the last look, and a piece of the past, in
small pieces with rests between.

The head of the relay is remembered, and compared one look later if every view has reached it: so whatever is missing
then is missing, and not on its way. One worker of several looks at store and views; each looks at the topics of its
own partitions, whose records it has anyway.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from aiokafka.errors import KafkaError
from prometheus_client import Gauge
from psycopg import AsyncConnection, Error
from psycopg_pool import PoolTimeout

from infra.kafka.app import Event
from infra.kafka.tracking import Consumers, read_published, read_tracking
from infra.log import EventLog, Place
from projections.comparing import Compared, ahead, compare, together
from projections.queries.reading import Pool
from streams.audit.observed import Observed, Partition

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
MOST = 2_000
"""New positions compared in one look. Of a longer way to the head only its end is compared as new: what is passed over is
old, and where the next sweep begins."""
PIECE = 250
"""Positions compared in one statement, some 3 ms of one core."""
REST = 4.0
"""How many times as long as a piece took is rested before the next, so that whoever waits for the same core goes first."""
SWEEP_SECONDS = 0.006
"""What a look may spend on old positions; one piece is always looked at, also where all is slow."""
TOPICS_PART = "topics"

AUDITED = Gauge(
    "yeon_audit_position",
    "What was new up to this position of the log was compared, the newest 2,000 at least.",
)
BEHIND = Gauge("yeon_audit_behind", "Events that this sweep over the whole log has not compared yet.")
DIFFERENCES = Gauge(
    "yeon_audit_difference", "The position of the first difference found, 0 for none.", ["part"]
)

_CLAIM = """
    UPDATE ops.audit SET looked_at = now() WHERE looked_at < now() - make_interval(secs => %s)
    RETURNING audited, swept
"""
_SAVE = "UPDATE ops.audit SET audited = %s, swept = %s"
_KNOWN = "SELECT part, position FROM ops.differences"
_NOTICED = """
    INSERT INTO ops.differences (part, position, detail) VALUES (%s, %s, %s)
    ON CONFLICT (part) DO UPDATE SET position = excluded.position, detail = excluded.detail, noticed_at = now()
    WHERE excluded.position < ops.differences.position
"""
_MENDED = "DELETE FROM ops.differences WHERE part = %s AND position = %s"


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """How far the relay had published each partition, and the log as a whole."""

    head: int
    published: dict[Partition, int]


def pieces(after: int, upto: int) -> Iterator[tuple[int, int]]:
    """The range `after < position <= upto` in pieces of at most `PIECE`, in order."""
    for begin in range(after, upto, PIECE):
        yield begin, min(begin + PIECE, upto)


class Audit:
    """`observe` is given every record that comes in; `keep_looking` runs beside the application."""

    def __init__(
        self,
        pool: Pool,
        store: EventLog,
        consumers: Consumers,
        holds: Callable[[Place], Awaitable[bool]],
    ) -> None:
        """`holds` looks into a topic for an event that did not come here."""
        self._pool = pool
        self._store = store
        self._consumers = consumers
        self._holds = holds
        self._observed = Observed()
        self._before: _Snapshot | None = None

    def observe(self, event: Event) -> None:
        """A record came in, whatever becomes of it."""
        message = event.message
        headers = dict(message.headers or ())
        position, event_id = headers.get("ce_position"), headers.get("ce_id")
        if position is not None and event_id is not None:
            self._observed.see((message.topic, message.partition), int(position), event_id.decode())

    async def keep_looking(self, partitions: Callable[[], Collection[Partition]]) -> None:
        """Look each second until cancelled; `partitions` gives those whose records this process gets."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                self._observed.keep(partitions())
                await self.look()
            except (Error, PoolTimeout, KafkaError, TimeoutError) as error:
                self._before = None
                log.warning("the audit waits for a store: %s", error)

    async def look(self) -> None:
        """Compare what was published at the look before, if all of it has been applied by now."""
        async with self._pool.connection() as connection:
            reached = await read_tracking(connection, self._consumers)
            before, self._before = self._before, await self._snapshot(connection)
            if before is None:
                return
            if any(reached.get(at, 0) < position for at, position in before.published.items()):
                self._before = before
                return
            await self._compare_topics(connection, before.head)
            rows = await connection.execute(_CLAIM, (LOOK_SECONDS / 2,))
            if claimed := await rows.fetchone():
                await self._compare_views(connection, before.head, *claimed)

    async def _snapshot(self, connection: AsyncConnection[Any]) -> _Snapshot:
        row = await (await connection.execute("SELECT position FROM ops.relay_head")).fetchone()
        published = await read_published(connection, list(self._consumers))
        return _Snapshot(int(row[0]) if row else 0, published)

    async def _compare_views(
        self, connection: AsyncConnection[Any], head: int, audited: int, swept: int
    ) -> None:
        known = await (await connection.execute(_KNOWN)).fetchall()
        for part, position in known:
            if part != TOPICS_PART and position <= head:
                await self._again(connection, part, position)
        audited = min(audited, head)
        if head - audited > MOST:
            swept, audited = min(swept, audited), head - MOST
        found = await ahead(connection)
        for after, upto in pieces(audited, head):
            found += (await self._piece(connection, after, upto))[0]
        spent, swept = 0.0, 0 if swept >= head else swept
        for after, upto in pieces(swept, head):
            compared, took = await self._piece(connection, after, upto)
            found += compared
            spent, swept = spent + took, upto
            if spent > SWEEP_SECONDS:
                break
        for one in together(found):
            await self._notice(connection, one)
        await connection.execute(_SAVE, (head, swept))
        AUDITED.set(head)
        BEHIND.set(head - swept)
        await self._show(connection)

    async def _piece(
        self, connection: AsyncConnection[Any], after: int, upto: int
    ) -> tuple[list[Compared], float]:
        """One piece compared, and how long that took, in seconds; a rest as of its length is over by then."""
        began = time.monotonic()
        found = await compare(connection, after, upto)
        took = time.monotonic() - began
        await asyncio.sleep(min(REST * took, LOOK_SECONDS / 10))
        return found, took

    async def _compare_topics(self, connection: AsyncConnection[Any], head: int) -> None:
        after = self._observed.behind()
        if after is None or after >= head:
            return
        for begin, upto in pieces(after, min(head, after + MOST)):
            began = time.monotonic()
            missing = self._observed.compare(await self._store.places(begin, upto), upto)
            if missing is not None and not await self._holds(missing.place):
                await self._notice(connection, Compared(TOPICS_PART, 1, 0, missing.position, missing.detail))
                await self._show(connection)
            await asyncio.sleep(min(REST * (time.monotonic() - began), LOOK_SECONDS / 10))

    async def _again(self, connection: AsyncConnection[Any], part: str, position: int) -> None:
        """Look again at a difference that was found; it may have been mended."""
        found = [*await compare(connection, position - 1, position), *await ahead(connection)]
        if all(one.equal for one in found if one.part == part):
            log.warning("%s: the difference at position %d is mended", part, position)
            await connection.execute(_MENDED, (part, position))

    async def _notice(self, connection: AsyncConnection[Any], one: Compared) -> None:
        if not one.equal:
            cursor = await connection.execute(_NOTICED, (one.part, one.position, one.detail))
            if cursor.rowcount:
                log.error("%s differs from the store at position %d: %s", one.part, one.position, one.detail)

    async def _show(self, connection: AsyncConnection[Any]) -> None:
        DIFFERENCES.clear()
        for part, position in await (await connection.execute(_KNOWN)).fetchall():
            DIFFERENCES.labels(part).set(position)
