"""The audit notices what is missing, where it is missing first, and nothing that is merely on its way."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from infra.log import EventLog, Place
from infra.postgres import pool as connect
from projections.catalogue import VIEWS, consumers
from projections.comparing import ahead
from projections.parking import drop, release, waiting
from projections.prepare import prepare
from projections.queries.reading import Pool
from projections.rebuild import rebuild
from projections.runner import apply_batch
from schemas.topics import CONVERSATIONS
from streams.audit import live
from streams.audit.live import Audit
from tests.projections.history import Conversation, History
from tests.projections.test_parking import REFUSED, two_rooms
from tests.projections.whole_stories import rich, store


@pytest_asyncio.fixture
async def pool(fresh_database: Callable[[], str]) -> AsyncIterator[Pool]:
    async with connect(fresh_database(), "test") as opened:
        await prepare(opened)
        yield opened


async def nowhere(_: Place) -> bool:
    return False


async def audited(pool: Pool, given: Audit) -> dict[str, tuple[int, str]]:
    """Two looks with time between them, and what they noticed."""
    async with pool.connection() as connection:
        for _ in range(2):
            await connection.execute("UPDATE ops.audit SET looked_at = '-infinity'")
            await given.look()
        rows = await connection.execute("SELECT part, position, detail FROM ops.differences")
        return {part: (position, detail) for part, position, detail in await rows.fetchall()}


async def filled(pool: Pool, history: History | None = None) -> tuple[Any, Audit]:
    """Views that hold a history, or a rich one, all of which was relayed."""
    history, log = history or rich(), EventLog(pool)
    await store(pool, history.events)
    await apply_batch(pool, history.received(), log)
    last = {(e.topic, e.partition): e.position for e in history.events}
    async with pool.connection() as connection:
        await connection.execute("UPDATE store.log_head SET position = %s", (len(history.events),))
        await connection.execute("UPDATE ops.relay_head SET position = %s", (len(history.events),))
        for (topic, partition), position in last.items():
            await connection.execute(
                "INSERT INTO ops.relay_checkpoints VALUES (%s, %s, 1, 1, %s)", (topic, partition, position)
            )
    return history, Audit(pool, log, consumers(), nowhere)


async def test_views_that_hold_the_log_do_not_differ(pool: Pool) -> None:
    history, audit = await filled(pool)
    assert await audited(pool, audit) == {}
    async with pool.connection() as connection:
        row = await (await connection.execute("SELECT audited, swept FROM ops.audit")).fetchone()
    assert row == (len(history.events), len(history.events))


@pytest.mark.parametrize(
    ("damage", "part"),
    [
        ("DELETE FROM views.room_items WHERE seq = 2", "view:rooms"),
        (
            "UPDATE views.room_items SET message_id = gen_random_uuid() WHERE message_id IS NOT NULL",
            "view:rooms",
        ),
        ("DELETE FROM views.read_marks", "view:rooms"),
        ("DELETE FROM views.inbox WHERE inbox_seq = 1", "view:inbox"),
        ("UPDATE views.questions SET version = 1", "view:questions"),
        ("DELETE FROM views.offers", "view:questions"),
        ("DELETE FROM views.people", "view:people"),
        ("DELETE FROM views.experts", "view:experts"),
        ("DELETE FROM views.expert_figures", "view:expert_figures"),
        ("DELETE FROM store.stored_events WHERE notification_id = 5", "store"),
        ("UPDATE store.stored_events SET state = 'spoilt' WHERE notification_id = 5", "store"),
        ("UPDATE store.log_head SET position = 4", "store"),
    ],
)
async def test_whatever_is_missing_is_noticed(pool: Pool, damage: str, part: str) -> None:
    _, audit = await filled(pool)
    async with pool.connection() as connection:
        await connection.execute(damage.encode())

    found = await audited(pool, audit)

    assert set(found) == {part}
    if part == "store":
        assert found[part][0] == 5


async def test_the_newest_is_compared_first_and_what_was_passed_over_is_swept(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given an audit that has a long way to the head, with something missing at its beginning and its end
    monkeypatch.setattr(live, "MOST", 6)
    monkeypatch.setattr(live, "PIECE", 4)
    monkeypatch.setattr(live, "SWEEP_SECONDS", 0.0)
    history, audit = await filled(pool)
    talk = Conversation(history, "last", history.person("마지막에 묻는 이"))
    await store(pool, [last := talk.asked()])
    async with pool.connection() as connection:
        for table in ("store.log_head", "ops.relay_head"):
            await connection.execute(f"UPDATE {table} SET position = %s".encode(), (last.position,))
        await connection.execute(
            "DELETE FROM views.people WHERE user_id = %s", (history.events[0].stream_id,)
        )

    # when it looks once, then it finds what is missing at the end, and begins with what it passed over
    found = await audited(pool, audit)
    assert found["view:questions"][0] == last.position
    async with pool.connection() as connection:
        row = await (await connection.execute("SELECT audited, swept FROM ops.audit")).fetchone()
    assert row == (last.position, 4)
    assert found["view:people"][0] == 1


async def test_a_store_that_grows_while_it_is_looked_at_is_not_taken_for_an_older_one(pool: Pool) -> None:
    # given a log that grows, with the relay right behind it
    await filled(pool)
    done = asyncio.Event()

    async def grow() -> None:
        async with pool.connection() as connection:
            while not done.is_set():
                await connection.execute("UPDATE store.log_head SET position = position + 1")
                await connection.execute("UPDATE ops.relay_head SET position = position + 1")

    growing = asyncio.create_task(grow())

    # when the end of both is looked at many times
    async with pool.connection() as connection:
        found = [one for _ in range(300) for one in await ahead(connection)]
    done.set()
    await growing

    # then nothing is ever beyond the end
    assert found == []


async def test_a_difference_that_is_mended_is_reported_no_more(pool: Pool) -> None:
    _, audit = await filled(pool)
    async with pool.connection() as connection:
        await connection.execute("CREATE TABLE kept AS SELECT * FROM views.people")
        await connection.execute("DELETE FROM views.people")
    assert set(await audited(pool, audit)) == {"view:people"}
    async with pool.connection() as connection:
        await connection.execute("INSERT INTO views.people SELECT * FROM kept")
    assert await audited(pool, audit) == {}


async def test_what_is_parked_or_on_its_way_is_no_difference(pool: Pool) -> None:
    history, audit = await filled(pool)
    async with pool.connection() as connection:
        await connection.execute("DELETE FROM views.room_items")
        await connection.execute("DELETE FROM views.rooms")
        await connection.execute("DELETE FROM views.read_marks")
        keys = {e.data.partition_key for e in history.events if e.topic == CONVERSATIONS}
        for key in keys:
            await connection.execute(
                "INSERT INTO ops.parked (consumer, key, position, topic, partition, reason)"
                " VALUES ('view:rooms', %s, 1, %s, 0, '')",
                (key, CONVERSATIONS),
            )
        await connection.execute("DELETE FROM views.people")
        await connection.execute("UPDATE ops.tracking SET position = 0 WHERE consumer = 'view:people'")
    assert await audited(pool, audit) == {}


async def test_what_an_operator_gave_up_is_no_difference(pool: Pool) -> None:
    # given a view that could not take an event, which an operator gave up
    history, bad, _ = two_rooms(REFUSED)
    _, audit = await filled(pool, history)
    given_up = await drop(pool, "view:rooms", bad.id)
    await release(pool, EventLog(pool), VIEWS["rooms"])
    assert given_up is not None

    # when it is looked at, then nothing differs
    assert await audited(pool, audit) == {}

    # and when the view is made again, the event waits again, and nobody has given it up
    await rebuild(pool, EventLog(pool), [VIEWS["rooms"]])
    assert next(iter(await waiting(pool, "view:rooms", bad.id))).position == given_up.position
    async with pool.connection() as connection:
        assert await (await connection.execute("SELECT FROM ops.dropped")).fetchall() == []
    assert await audited(pool, audit) == {}

    # and when it is gone without having been given up, its row is missed
    await drop(pool, "view:rooms", bad.id)
    await release(pool, EventLog(pool), VIEWS["rooms"])
    async with pool.connection() as connection:
        await connection.execute("DELETE FROM ops.dropped")
    assert await audited(pool, audit) == {"view:rooms": (given_up.position, "no such row in room_items")}


@pytest.mark.parametrize("elsewhere", [True, False])
async def test_an_event_that_came_to_another_worker_is_no_difference(pool: Pool, elsewhere: bool) -> None:
    history, _ = await filled(pool)

    async def holds(_: Place) -> bool:
        return elsewhere

    audit = Audit(pool, EventLog(pool), consumers(), holds)
    for event in history.events:
        if event.position != 40:
            audit._observed.see((event.topic, event.partition), event.position, event.event_id)
    assert set(await audited(pool, audit)) == (set() if elsewhere else {"topics"})
