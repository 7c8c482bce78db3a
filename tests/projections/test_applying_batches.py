"""Given histories as Kafka brings them, whole or broken, when batches are applied, then the views hold the history."""

import asyncio
from typing import Any

import pytest

from infra.kafka.intake import Broken
from infra.log import EventLog
from projections.catalogue import VIEWS
from projections.dump import dump
from projections.queries.progress import position, reached
from projections.queries.reading import Pool
from projections.runner import Applied, apply_batch
from schemas.envelope import Received
from schemas.topics import CONVERSATIONS
from tests.projections.history import Conversation, History
from tests.projections.whole_stories import rich, store


async def dump_all(pool: Pool) -> dict[str, Any]:
    async with pool.connection() as connection:
        return {name: await dump(connection, view) for name, view in VIEWS.items()}


async def wipe(pool: Pool) -> None:
    async with pool.connection() as connection:
        for view in VIEWS.values():
            for table in view.tables:
                await connection.execute(f"TRUNCATE views.{table}")
        await connection.execute("UPDATE ops.tracking SET position = 0")
        await connection.execute("TRUNCATE ops.parked")


async def apply_in(pool: Pool, log: EventLog, batch: list[Received], size: int) -> list[Applied]:
    return [await apply_batch(pool, batch[i : i + size], log) for i in range(0, len(batch), size)]


async def test_the_rows_are_the_same_whatever_the_size_of_the_batches(pool: Pool, log: EventLog) -> None:
    history = rich()
    given = history.received()

    await apply_in(pool, log, given, 1)
    one_by_one = await dump_all(pool)

    assert all(rows for tables in one_by_one.values() for rows in tables.values()), (
        "every table must be reached"
    )
    for size in (3, 17, len(given)):
        await wipe(pool)
        await apply_in(pool, log, given, size)
        assert await dump_all(pool) == one_by_one


async def test_partitions_may_be_applied_in_any_order_and_at_the_same_time(pool: Pool, log: EventLog) -> None:
    given = rich(questions=12).received()
    await apply_in(pool, log, given, len(given))
    in_order = await dump_all(pool)
    by_partition: dict[tuple[str, int], list[Received]] = {}
    for received in given:
        by_partition.setdefault((received.event.topic, received.event.partition), []).append(received)

    await wipe(pool)
    await asyncio.gather(*(apply_in(pool, log, mine, 4) for mine in by_partition.values()))

    assert await dump_all(pool) == in_order


async def test_what_was_seen_changes_nothing_and_is_not_pushed_again(pool: Pool, log: EventLog) -> None:
    given = rich().received()
    first = await apply_in(pool, log, given, 20)
    before = await dump_all(pool)

    again = await apply_in(pool, log, [*given, *given], 33)

    assert await dump_all(pool) == before
    assert any(applied.pushes for applied in first)
    assert [applied for applied in again if applied.pushes or applied.progress] == []


async def test_what_kafka_lost_is_read_from_the_store(pool: Pool, log: EventLog) -> None:
    history = rich()
    await store(pool, history.events)
    given = history.received()
    await apply_in(pool, log, given, 10)
    whole = await dump_all(pool)
    last = {(r.event.topic, r.event.partition): r for r in given}

    await wipe(pool)
    applied = await apply_batch(pool, list(last.values()), log)

    assert await dump_all(pool) == whole
    assert {(p.topic, p.partition): p.position for p in applied.progress} == {
        place: received.event.position for place, received in last.items()
    }


async def test_a_record_that_cannot_be_read_is_read_from_the_store(pool: Pool, log: EventLog) -> None:
    history = History()
    one = Conversation(history, "1", history.person("묻는 이"))
    asked = one.asked()
    await store(pool, history.events)

    applied = await apply_batch(pool, [Broken(CONVERSATIONS, asked.partition, None, "no headers")], log)

    assert [p.position for p in applied.progress] == [asked.position]
    assert await reached(pool, "questions", CONVERSATIONS, asked.partition, asked.position)


async def test_two_workers_with_the_same_batch_apply_it_once(pool: Pool, log: EventLog) -> None:
    given = rich().received()

    both = await asyncio.gather(*(apply_batch(pool, given, log) for _ in range(2)))

    assert sorted(len(applied.pushes) > 0 for applied in both) == [False, True]
    async with pool.connection() as connection:
        row = await (await connection.execute("SELECT sum(offered) FROM views.expert_figures")).fetchone()
    assert row == (5 * 5 + 4,), "five questions are offered to five, the one without a room to four"


async def test_a_view_that_is_ahead_applies_only_what_is_new_to_it_and_never_goes_back(
    pool: Pool, log: EventLog
) -> None:
    given = [r for r in rich().received() if r.event.topic == CONVERSATIONS]
    half = len(given) // 2
    await apply_in(pool, log, given, len(given))
    whole = await dump_all(pool)
    async with pool.connection() as connection:
        for table in VIEWS["rooms"].tables:
            await connection.execute(f"TRUNCATE views.{table}")
        await connection.execute("UPDATE ops.tracking SET position = 0 WHERE consumer = 'view:rooms'")

    applied = await apply_in(pool, log, given, half)

    assert await dump_all(pool) == whole
    assert {push.kind for one in applied for push in one.pushes} == {"room"}
    for view in ("rooms", "inbox"):
        last = given[-1].event
        assert await position(pool, f"view:{view}", CONVERSATIONS, last.partition) == last.position


async def test_a_batch_that_fails_on_the_database_changes_nothing_and_is_raised(
    pool: Pool, log: EventLog
) -> None:
    given = rich().received()
    async with pool.connection() as connection:
        await connection.execute("ALTER TABLE views.inbox RENAME TO gone")

    with pytest.raises(Exception, match="inbox"):
        await apply_batch(pool, given, log)

    async with pool.connection() as connection:
        row = await (await connection.execute("SELECT max(position) FROM ops.tracking")).fetchone()
        assert row == (0,)
        row = await (await connection.execute("SELECT count(*) FROM views.questions")).fetchone()
        assert row == (0,)
        row = await (await connection.execute("SELECT count(*) FROM ops.parked")).fetchone()
        assert row == (0,)
        await connection.execute("ALTER TABLE views.gone RENAME TO inbox")
    assert (await apply_batch(pool, given, log)).pushes
