"""Given an event that a view cannot take, it and what is behind it wait, all else goes on, and nothing is lost."""

from dataclasses import replace
from typing import Any

import pytest

from infra.kafka.intake import Broken, Record
from infra.log import EventLog
from projections.catalogue import VIEWS, views_of
from projections.dump import dump
from projections.parking import release, waiting
from projections.queries.progress import operator_counts
from projections.queries.reading import Pool
from projections.queries.rooms import history as history_of
from projections.rows import Projected
from projections.runner import apply_batch
from schemas.envelope import Event
from schemas.events.room import MessagePosted
from schemas.topics import CONVERSATIONS
from tests.projections.history import Conversation, History
from tests.projections.whole_stories import store

REFUSED = "널 \x00 문자"
"""PostgreSQL takes no NUL in a text."""


def two_rooms(content: str) -> tuple[History, Conversation, Conversation]:
    """Two conversations at the same time; the second message of the first has `content`."""
    history = History()
    asker, expert = history.person("묻는 이"), history.expert("전문가")
    rooms = [Conversation(history, name, asker) for name in ("1", "2")]
    for one in rooms:
        one.asked()
        one.matched([expert])
        one.accepted(expert)
        one.opened(expert)
    for n in range(3):
        for i, one in enumerate(rooms):
            one.said(asker, content if (n, i) == (1, 0) else f"말 {n}")
    rooms[0].resolved()
    return history, rooms[0], rooms[1]


async def contents(pool: Pool, room: Conversation) -> list[str]:
    found = await history_of(pool, room.room_id)
    return [item["content"] for item in found["items"]]


@pytest.mark.parametrize("size", [1, 5, 100])
async def test_a_refused_row_parks_its_event_and_those_behind_it_for_that_view_only(
    pool: Pool, log: EventLog, size: int
) -> None:
    history, bad, good = two_rooms(REFUSED)
    given = history.received()

    applied = [await apply_batch(pool, given[i : i + size], log) for i in range(0, len(given), size)]

    assert await contents(pool, bad) == ["말 0"]
    assert await contents(pool, good) == ["말 0", "말 1", "말 2"]
    parked = [one for batch in applied for one in batch.parked]
    assert [(one.consumer, one.key) for one in parked] == [("view:rooms", bad.id)] * 2
    assert "unsupported Unicode escape sequence" in parked[0].reason
    assert "behind" in parked[1].reason
    assert (await operator_counts(pool))["parked"] == {"view:rooms": 2}
    assert (await operator_counts(pool))["questions"] == {"in_progress": 1, "resolved": 1}
    pushed = [push.seq for batch in applied for push in batch.pushes if push.id == bad.room_id]
    assert pushed == [1], "what is parked is not pushed"


async def test_the_reason_of_a_refusal_holds_no_words_of_a_person(pool: Pool, log: EventLog) -> None:
    async with pool.connection() as connection:
        await connection.execute(
            "ALTER TABLE views.room_items ADD CONSTRAINT odd CHECK (content <> '비밀이에요')"
        )
    history, _, _ = two_rooms("비밀이에요")
    first, *_ = (await apply_batch(pool, history.received(), log)).parked
    assert '"odd"' in first.reason
    assert "비밀이에요" not in first.reason


async def test_a_projector_that_raises_parks_the_event(
    pool: Pool, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    history, bad, good = two_rooms("말 1")
    await store(pool, history.events)
    rooms = VIEWS["rooms"]

    def project(event: Event) -> Projected:
        data = event.data
        if isinstance(data, MessagePosted) and data.room_id == bad.room_id and data.seq == 2:
            raise KeyError("a fault of ours")
        return rooms.project(event)

    with monkeypatch.context() as patched:
        patched.setitem(VIEWS, "rooms", replace(rooms, project=project))
        await apply_batch(pool, history.received(), log)

    assert await contents(pool, bad) == ["말 0"]
    assert await contents(pool, good) == ["말 0", "말 1", "말 2"]

    applied = await release(pool, log, rooms)

    assert await contents(pool, bad) == ["말 0", "말 1", "말 2"]
    assert [push.seq for push in applied.pushes] == [2, 3]
    assert (await operator_counts(pool))["parked"] == {}


async def test_what_is_released_gives_the_rows_of_a_history_that_was_never_parked(
    pool: Pool, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    history, bad, _ = two_rooms("말 1")
    await store(pool, history.events)
    given = history.received()
    rooms = VIEWS["rooms"]

    def project(event: Event) -> Projected:
        if isinstance(event.data, MessagePosted) and event.data.room_id == bad.room_id:
            raise ZeroDivisionError
        return rooms.project(event)

    with monkeypatch.context() as patched:
        patched.setitem(VIEWS, "rooms", replace(rooms, project=project))
        await apply_batch(pool, given, log)
    more = [bad.said(bad.asker, "말 3"), bad.closed()]
    await store(pool, more)
    await apply_batch(pool, history.received(), log)
    assert await contents(pool, bad) == []

    await release(pool, log, rooms)

    async with pool.connection() as connection:
        released: dict[str, Any] = await dump(connection, rooms)
        for table in rooms.tables:
            await connection.execute(f"TRUNCATE views.{table}")
        await connection.execute("UPDATE ops.tracking SET position = 0")
    await apply_batch(pool, history.received(), log)
    async with pool.connection() as connection:
        assert await dump(connection, rooms) == released


async def test_what_still_cannot_be_taken_stays_parked(pool: Pool, log: EventLog) -> None:
    history, bad, _ = two_rooms(REFUSED)
    await store(pool, history.events)
    await apply_batch(pool, history.received(), log)

    applied = await release(pool, log, VIEWS["rooms"])

    assert len(applied.parked) == 2
    assert applied.pushes == ()
    assert (await operator_counts(pool))["parked"] == {"view:rooms": 2}
    assert await contents(pool, bad) == ["말 0"]


@pytest.mark.parametrize("size", [1, 100])
async def test_an_event_of_an_unknown_type_is_parked_by_every_view_of_its_topic_and_stops_no_other_key(
    pool: Pool, log: EventLog, size: int
) -> None:
    # given two rooms, and an event in one whose type this program does not know
    history, strange, known = two_rooms("말 1")
    await store(pool, history.events)
    unknown = next(e for e in history.events if isinstance(e.data, MessagePosted))
    async with pool.connection() as connection:
        await connection.execute(
            "UPDATE store.stored_events SET topic = 'yeon.room.sang.v1' WHERE notification_id = %s",
            (unknown.position,),
        )
    given: list[Record] = [
        Broken(one.event.topic, one.event.partition, one.event.position, "unknown type")
        if one.event == unknown
        else one
        for one in history.received()
    ]

    # when all is applied
    for i in range(0, len(given), size):
        await apply_batch(pool, given[i : i + size], log)

    # then its question waits in every view of the topic, and the other goes on
    assert await contents(pool, strange) == []
    assert await contents(pool, known) == ["말 0", "말 1", "말 2"]
    waits = await waiting(pool, position=unknown.position)
    assert {one.consumer for one in waits} == {view.consumer for view in views_of(CONVERSATIONS)}
    assert all("yeon.room.sang.v1" in one.reason for one in waits)

    # and once it is known, everything comes in its order
    async with pool.connection() as connection:
        await connection.execute(
            "UPDATE store.stored_events SET topic = 'yeon.room.message_posted.v1' WHERE notification_id = %s",
            (unknown.position,),
        )
    for view in views_of(CONVERSATIONS):
        await release(pool, log, view)
    assert await contents(pool, strange) == ["말 0", "말 1", "말 2"]
    assert await waiting(pool) == []
