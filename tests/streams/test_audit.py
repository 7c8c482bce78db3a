"""The audit notices what is missing, where it is missing first, and nothing that is merely on its way."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from infra.log import EventLog, Place
from infra.postgres import pool as connect
from projections.catalogue import consumers
from projections.comparing import ahead
from projections.prepare import prepare
from projections.queries.reading import Pool
from projections.runner import apply_batch
from schemas.topics import CONVERSATIONS
from streams.audit import live
from streams.audit.live import Audit
from streams.audit.observed import Missing, Observed
from streams.audit.topics import Entry, first_difference
from tests.faults.conftest import Roles
from tests.projections.history import Conversation, rich, store
from tests.streams.test_worker import today

AT = (CONVERSATIONS, 3)


def place(position: int, event_id: str = "") -> Place:
    return Place(position, *AT, event_id or f"e{position}")


def test_a_record_that_never_came_is_found_once() -> None:
    observed = Observed()
    for position in (4, 5, 7, 9):
        observed.see(AT, position, f"e{position}")
    observed.see(AT, 5, "e5")

    assert observed.behind() == 3
    assert observed.compare([place(p) for p in (2, 4, 5, 6, 7)], 7) == Missing(
        place(6), f"{CONVERSATIONS}/3 lacks event e6"
    )
    assert observed.behind() == 7
    assert observed.compare([place(9)], 9) is None


def test_another_event_in_its_place_is_found_and_what_is_not_ours_is_left_alone() -> None:
    observed = Observed()
    observed.see(AT, 1, "e1")
    observed.see((CONVERSATIONS, 4), 2, "f2")
    assert observed.compare([Place(1, *AT, "another"), Place(2, CONVERSATIONS, 4, "f2")], 2) == Missing(
        Place(1, *AT, "another"), f"{CONVERSATIONS}/3 holds e1 instead of event another"
    )
    observed.keep([AT])
    assert observed.compare([Place(3, CONVERSATIONS, 4, "f3")], 3) is None


@pytest.mark.parametrize(
    ("held", "found"),
    [
        ([1, 2, 3], None),
        ([1, 3], (2, "lacks event e2")),
        ([1, 2], (3, "lacks event e3")),
        ([1, 2, 3, 4], (4, "holds too much")),
        ([2, 3], (1, "lacks event e1")),
    ],
)
def test_the_first_difference_of_two_lists(held: list[int], found: tuple[int, str] | None) -> None:
    assert (
        first_difference([Entry(p, f"e{p}") for p in (1, 2, 3)], [Entry(p, f"e{p}") for p in held]) == found
    )


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


async def filled(pool: Pool) -> tuple[Any, Audit]:
    """Views that hold a rich history, all of which was relayed."""
    history, log = rich(), EventLog(pool)
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


async def audit_command(roles: Roles, *words: str) -> tuple[int | None, dict[str, Any]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "infra.cli", "audit", "--json"),
        *words,
        env={**os.environ, **roles.environment},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    return process.returncode, json.loads(said)


@pytest.mark.timeout(240)
async def test_a_running_worker_notices_a_missing_event_within_five_seconds(
    roles: Roles, redis_url: str
) -> None:
    # given a worker that holds all there is
    roles.environment["YEON_REDIS_URL"] = redis_url
    async with connect(roles.environment["YEON_POSTGRES_URL"], "test") as pool:
        history = rich()
        await store(pool, today(history.events))
        async with pool.connection() as connection:
            await connection.execute("UPDATE store.log_head SET position = %s", (len(history.events),))
        roles.start("streams", "relay")
        roles.start("streams", "worker")

        async def looked(column: str) -> Any:
            async with pool.connection() as connection:
                row = await (await connection.execute(f"SELECT {column}".encode())).fetchone()
            return row[0] if row else None

        deadline = time.monotonic() + 120
        while await looked("audited FROM ops.audit") != len(history.events):
            assert time.monotonic() < deadline, roles.said("streams", "worker")
            await asyncio.sleep(0.1)
        code, said = await audit_command(roles, "--deep")
        assert [part for part in said["parts"] if part["position"] is not None] == [], [
            p for p in said["parts"] if p["position"] is not None
        ]
        assert code == 0
        assert {part["part"] for part in said["parts"]} > {
            "store",
            "view:rooms",
            CONVERSATIONS,
            "table rooms",
        }

        # when an event is missing in a view, then it is noticed, at its position
        lost = next(e for e in history.events if e.type == "yeon.room.message_posted.v1")
        async with pool.connection() as connection:
            await connection.execute(
                "DELETE FROM views.room_items WHERE room_id = %s AND seq = %s",
                (lost.stream_id, lost.version - 1),
            )
        began = time.monotonic()
        while not await looked("count(*) FROM ops.differences"):
            assert time.monotonic() < began + 5
            await asyncio.sleep(0.05)
        assert await looked("position FROM ops.differences") == lost.position
        code, said = await audit_command(roles, "--deep", "--no-topics")
        assert code == 1
        parts = {part["part"]: part for part in said["parts"]}
        assert parts["view:rooms"]["position"] == lost.position
        assert parts["table room_items"]["found"] == parts["table room_items"]["wanted"] - 1

    # and an event that the relay passed over is noticed by who reads the topics
    await relay_passes_over(roles)


async def relay_passes_over(roles: Roles) -> None:
    """The chain on Kafka is whole, but an event of the store is not in it."""
    async with connect(roles.environment["YEON_POSTGRES_URL"], "test") as pool:
        asked = rich().events
        async with pool.connection() as connection:
            await connection.execute("DELETE FROM ops.differences")
            head = len(asked)
            for relay in [p for p in roles.running if roles.arguments[p.pid] == ("streams", "relay")]:
                relay.kill()
                relay.wait()
                roles.running.remove(relay)
        history = rich()
        talk = Conversation(history, "later", history.person("더 묻는 이"))
        more = [talk.asked(), talk.cancelled()]
        await store(pool, today(history.events[head:]))
        passed_over = more[0].position
        async with pool.connection() as connection:
            await connection.execute("UPDATE store.log_head SET position = %s", (len(history.events),))
            await connection.execute("UPDATE ops.relay_head SET position = %s", (passed_over,))
        roles.start("streams", "relay")
        deadline = time.monotonic() + 60
        found: list[Any] = []
        while not found:
            assert time.monotonic() < deadline, roles.said("streams", "worker")
            async with pool.connection() as connection:
                found = await (
                    await connection.execute(
                        "SELECT part, position FROM ops.differences WHERE part = 'topics'"
                    )
                ).fetchall()
            await asyncio.sleep(0.1)
        assert found[0][1] in (passed_over, passed_over - 1)
