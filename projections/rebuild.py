"""Builds views anew from the event store, beside the live ones, and puts them in their place in one transaction.

It ends by locking the tracking rows of the views, reading on to the highest live position, and setting every
partition to it, so that the live consumers go on where it ended. Pushes are thrown away.
"""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from psycopg import AsyncConnection, errors, sql

from projections.catalogue import View
from projections.dump import Difference, compare_tables
from projections.prepare import prepare
from projections.queries.reading import Pool
from projections.runner import Place, lock, noted
from projections.tables import LIVE, ddl
from projections.taking import EVENT_FAULTS, Parked, take, write_apart, write_together
from projections.writing import run
from schemas.envelope import Event
from schemas.topics import TOPICS

BESIDE = "views_rebuild"
LOCK = 0x7965_6F6E_0003
"""The advisory lock of whoever rebuilds."""
BATCH = 2_000
SWAP_TRIES = 5
SWAP_SECONDS = 20.0
LOCK_WAIT = "50ms"
"""For each table; readers that come meanwhile wait as long."""


class RebuildRunning(RuntimeError):
    """Another process is rebuilding views now."""


class Log(Protocol):
    """What a rebuild needs of `infra.log.EventLog`."""

    async def read(self, after: int, limit: int, upto: int | None = None) -> list[Event]: ...


@dataclass(slots=True)
class Rebuilding:
    """How far a rebuild has come."""

    views: tuple[View, ...]
    began: float = field(default_factory=time.monotonic)
    position: int = 0
    events: int = 0
    parked: list[Parked] = field(default_factory=list)
    held: dict[str, set[UUID]] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Events a second so far."""
        return self.events / max(time.monotonic() - self.began, 1e-9)


async def rebuild(
    pool: Pool,
    log: Log,
    views: Sequence[View],
    *,
    batch: int = BATCH,
    report: Callable[[Rebuilding], None] = lambda _: None,
) -> Rebuilding:
    """Rebuilds `views`; `report` is called after every batch. Raises `RebuildRunning` if another one is at it."""
    async with _built_beside(pool, log, views, batch, report) as (connection, state):
        for table in _tables(state):
            await connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(BESIDE, table)))
        await _in_the_end(connection, state, lambda: _swap(connection, log, state, batch))
    return state


async def differences(
    pool: Pool, log: Log, views: Sequence[View], *, batch: int = BATCH
) -> dict[str, Difference]:
    """Each table of `views` against one built anew, once both have seen the same; nothing is changed.

    The live consumers wait for the comparison. Raises `RebuildRunning` if a rebuild is at it.
    """
    found: dict[str, Difference] = {}

    async def look(connection: AsyncConnection[Any], state: Rebuilding) -> None:
        await _catch_up(connection, log, state, batch)
        for table in _tables(state):
            found[table] = await compare_tables(connection, table, BESIDE)

    async with _built_beside(pool, log, views, batch, lambda _: None) as (connection, state):
        await _in_the_end(connection, state, lambda: look(connection, state))
    return found


@asynccontextmanager
async def _built_beside(
    pool: Pool, log: Log, views: Sequence[View], batch: int, report: Callable[[Rebuilding], None]
) -> AsyncIterator[tuple[AsyncConnection[Any], Rebuilding]]:
    """The views with everything the store has, in tables beside the live ones that are dropped in the end."""
    await prepare(pool)
    async with pool.connection() as connection:
        got = await (await connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,))).fetchone()
        if got is None or not got[0]:
            raise RebuildRunning("another rebuild is running")
        try:
            await _drop_beside(connection)
            await connection.execute(ddl(BESIDE))
            state = Rebuilding(tuple(views))
            with _collecting_seldom():
                await _fill(connection, log, state, batch, report)
            yield connection, state
            await _drop_beside(connection)
        finally:
            await connection.execute("SELECT pg_advisory_unlock(%s)", (LOCK,))


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Events by the thousand are young objects that all die soon: looking for cycles among them costs a third."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


async def _fill(
    connection: AsyncConnection[Any],
    log: Log,
    state: Rebuilding,
    batch: int,
    report: Callable[[Rebuilding], None],
) -> None:
    """Everything the store has, the next batch being read while one is written."""
    events = await log.read(0, batch)
    while events:
        coming = asyncio.create_task(log.read(events[-1].position, batch))
        try:
            async with connection.transaction():
                await connection.execute("SET LOCAL synchronous_commit = off")
                await _write(connection, state, events)
        finally:
            events = await coming
        report(state)


async def _write(connection: AsyncConnection[Any], state: Rebuilding, events: Sequence[Event]) -> None:
    all_taken = [
        take(view, events, state.held.setdefault(view.consumer, set()), pushing=False) for view in state.views
    ]
    try:
        async with connection.transaction():
            await write_together(connection, BESIDE, all_taken)
    except EVENT_FAULTS:
        await write_apart(connection, BESIDE, all_taken)
    for taken in all_taken:
        state.parked += taken.parked
        state.held[taken.view.consumer].update(parked.key for parked in taken.parked)
    state.events += len(events)
    state.position = events[-1].position


async def _in_the_end(
    connection: AsyncConnection[Any], state: Rebuilding, work: Callable[[], Awaitable[None]]
) -> None:
    """`work` in one transaction; again when readers of several tables and the swap wait for each other."""
    for left in reversed(range(SWAP_TRIES)):
        before = (
            state.position,
            state.events,
            list(state.parked),
            {k: set(v) for k, v in state.held.items()},
        )
        try:
            async with connection.transaction():
                await work()
            return
        except (errors.DeadlockDetected, errors.LockNotAvailable):
            if not left:
                raise
            state.position, state.events, state.parked, state.held = before


async def _catch_up(connection: AsyncConnection[Any], log: Log, state: Rebuilding, batch: int) -> list[Place]:
    """Lock the tracking rows, and read on to the highest live position; the partitions of the views."""
    topics = {view.topic for view in state.views}
    places = [(topic, n) for topic in topics for n in range(TOPICS[topic].partitions)]
    positions, _ = await lock(connection, state.views, places)
    highest = max(positions.values(), default=0)
    while state.position < highest and (events := await log.read(state.position, batch, highest)):
        await _write(connection, state, events)
    return places


async def _swap(connection: AsyncConnection[Any], log: Log, state: Rebuilding, batch: int) -> None:
    places = await _catch_up(connection, log, state, batch)
    consumers = [view.consumer for view in state.views]
    for statement in (
        "DELETE FROM ops.parked WHERE consumer = ANY(%s)",
        "DELETE FROM ops.dropped WHERE consumer = ANY(%s)",
    ):
        await connection.execute(statement, (consumers,))
    # Where the store was restored from an older backup, the live positions are beyond its end.
    await connection.execute("UPDATE ops.tracking SET position = 0 WHERE consumer = ANY(%s)", (consumers,))
    tracking = [(view.consumer, *place, state.position) for view in state.views for place in places]
    await run(connection, noted(tracking, state.parked))
    await _close_to_readers(connection, _tables(state))
    for table in _tables(state):
        live, beside = sql.Identifier(LIVE, table), sql.Identifier(BESIDE, table)
        await connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(live))
        await connection.execute(sql.SQL("ALTER TABLE {} SET SCHEMA {}").format(beside, sql.Identifier(LIVE)))


async def _close_to_readers(connection: AsyncConnection[Any], tables: Sequence[str]) -> None:
    """Lock all of `tables` for this transaction, letting go and trying again as long as readers are in between.

    A reader of two tables may have one and wait for the other. Whoever then insists on the first is in a deadlock, and
    PostgreSQL may end the reader; so this never waits for as long as PostgreSQL does before it looks (1 s).
    """
    names = sql.SQL(", ").join(sql.Identifier(LIVE, table) for table in tables)
    deadline = time.monotonic() + SWAP_SECONDS
    while True:
        try:
            async with connection.transaction():
                await connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(LOCK_WAIT))
                await connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(names))
            return
        except errors.LockNotAvailable:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(0.02)


def _tables(state: Rebuilding) -> list[str]:
    return [table for view in state.views for table in view.tables]


async def _drop_beside(connection: AsyncConnection[Any]) -> None:
    await connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(BESIDE)))
