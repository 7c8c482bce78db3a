"""Given live views, when they are rebuilt, then they come back equal, and the live consumers go on from there."""

import asyncio

import pytest

from infra.log import EventLog
from projections.catalogue import VIEWS
from projections.dump import dump
from projections.queries.progress import operator_counts, position
from projections.queries.reading import Pool
from projections.queries.rooms import history as history_of
from projections.rebuild import LOCK, Rebuilding, RebuildRunning, rebuild
from projections.runner import apply_batch
from schemas.events.room import MessagePosted
from schemas.topics import CONVERSATIONS
from tests.projections.test_applying_batches import apply_in, dump_all
from tests.projections.test_parking import REFUSED, two_rooms
from tests.projections.whole_stories import rich, store

ALL = list(VIEWS.values())


@pytest.mark.parametrize("batch", [1, 7, 2_000])
async def test_rebuilt_views_equal_the_live_ones(pool: Pool, log: EventLog, batch: int) -> None:
    history = rich()
    await store(pool, history.events)
    await apply_in(pool, log, history.received(), 9)
    live = await dump_all(pool)
    reports: list[int] = []

    state = await rebuild(pool, log, ALL, batch=batch, report=lambda r: reports.append(r.position))

    assert await dump_all(pool) == live
    assert state.events == len(history.events)
    assert reports == sorted(reports)
    assert reports[-1] == len(history.events)


async def test_what_was_wrong_in_a_view_is_right_after_it(pool: Pool, log: EventLog) -> None:
    history = rich()
    await store(pool, history.events)
    await apply_in(pool, log, history.received(), 50)
    live = await dump_all(pool)
    async with pool.connection() as connection:
        await connection.execute("UPDATE views.room_items SET content = 'x'")
        await connection.execute("DELETE FROM views.rooms")
        await connection.execute("INSERT INTO views.rooms (room_id) VALUES (gen_random_uuid())")

    await rebuild(pool, log, [VIEWS["rooms"]])

    assert await dump_all(pool) == live


async def test_any_cut_rebuilt_and_then_the_rest_live_is_the_whole(pool: Pool, log: EventLog) -> None:
    history = rich(questions=3)
    given = history.received()
    await store(pool, history.events)
    await apply_in(pool, log, given, len(given))
    whole = await dump_all(pool)
    for cut in (0, 1, len(given) // 3, len(given) - 1):
        async with pool.connection() as connection:
            await connection.execute("DELETE FROM store.stored_events")
            await connection.execute("DELETE FROM store.person_keys")
            await connection.execute("UPDATE ops.tracking SET position = 0")
        log = EventLog(pool)
        if cut:
            await store(pool, history.events[:cut])

        await rebuild(pool, log, ALL)
        await store(pool, history.events[cut:])
        await apply_in(pool, log, given, 11)

        assert await dump_all(pool) == whole, cut


async def test_consumers_at_different_places_go_on_without_gap_or_repeat(pool: Pool, log: EventLog) -> None:
    history = rich()
    given = history.received()
    await store(pool, history.events)
    await apply_in(pool, log, given, len(given))
    whole = await dump_all(pool)
    async with pool.connection() as connection:
        for view in ALL:
            for table in view.tables:
                await connection.execute(f"TRUNCATE views.{table}")
        await connection.execute("UPDATE ops.tracking SET position = 0")
    even = [r for r in given if r.event.partition % 2 == 0]
    await apply_in(pool, log, even[: len(even) // 2], 5)

    await rebuild(pool, log, [VIEWS["rooms"], VIEWS["inbox"]])
    applied = await apply_in(pool, log, given, 5)

    assert await dump_all(pool) == whole
    assert [push for one in applied for push in one.pushes] == [], "the rebuilt views had seen everything"
    for partition in range(8):
        assert await position(pool, "view:rooms", CONVERSATIONS, partition) == len(history.events)


async def test_live_batches_go_on_during_a_rebuild(pool: Pool, log: EventLog) -> None:
    history = rich(questions=12)
    given = history.received()
    await store(pool, history.events)
    await apply_in(pool, log, given[:40], 10)
    began = asyncio.Event()

    def report(_: Rebuilding) -> None:
        began.set()

    rebuilding = asyncio.create_task(rebuild(pool, log, ALL, batch=10, report=report))
    await began.wait()
    await apply_in(pool, log, given, 3)
    await rebuilding

    found = await dump_all(pool)
    await rebuild(pool, log, ALL)
    assert await dump_all(pool) == found


async def test_parked_events_are_found_anew(pool: Pool, log: EventLog) -> None:
    history, bad, _ = two_rooms("말 1")
    said = [e for e in history.events if isinstance(e.data, MessagePosted)]
    await store(pool, history.events)
    async with pool.connection() as connection:
        await connection.execute(
            "INSERT INTO ops.parked (consumer, key, position, topic, partition, reason) "
            "VALUES ('view:rooms', %s, %s, %s, %s, 'a fault that is mended')",
            (bad.id, said[0].position, CONVERSATIONS, said[0].partition),
        )
    await apply_batch(pool, history.received(), log)
    assert (await history_of(pool, bad.room_id))["items"] == []

    state = await rebuild(pool, log, [VIEWS["rooms"]])

    assert state.parked == []
    assert (await operator_counts(pool))["parked"] == {}
    assert len((await history_of(pool, bad.room_id))["items"]) == 3


async def test_an_event_that_is_refused_is_parked_by_a_rebuild_as_it_is_live(
    pool: Pool, log: EventLog
) -> None:
    history, _, _ = two_rooms(REFUSED)
    await store(pool, history.events)
    await apply_batch(pool, history.received(), log)
    live = await dump_all(pool)

    state = await rebuild(pool, log, ALL, batch=4)

    assert len(state.parked) == 2
    assert await dump_all(pool) == live
    assert (await operator_counts(pool))["parked"] == {"view:rooms": 2}


async def test_only_one_rebuild_at_a_time(pool: Pool, log: EventLog) -> None:
    async with pool.connection() as connection:
        await connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        with pytest.raises(RebuildRunning):
            await rebuild(pool, log, ALL)
        await connection.execute("SELECT pg_advisory_unlock(%s)", (LOCK,))
    assert (await rebuild(pool, log, ALL)).events == 0


async def test_no_trace_of_the_building_stays(pool: Pool, log: EventLog) -> None:
    await rebuild(pool, log, [VIEWS["people"]])

    async with pool.connection() as connection:
        found = await connection.execute("SELECT count(*) FROM pg_namespace WHERE nspname = 'views_rebuild'")
        assert await found.fetchone() == (0,)
        assert await dump(connection, VIEWS["people"]) == {"people": []}
