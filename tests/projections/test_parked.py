"""`yeon parked` as an operator runs it."""

import asyncio
import json
import os
import sys

from infra.log import EventLog
from projections.parking import waiting
from projections.queries.progress import operator_counts
from projections.queries.reading import Pool
from projections.queries.rooms import history as history_of
from projections.runner import apply_batch
from tests.projections.history import Conversation
from tests.projections.test_parking import REFUSED, two_rooms
from tests.projections.whole_stories import store


async def run(pool: Pool, redis_url: str, *words: str) -> tuple[int | None, str]:
    environment = {
        **os.environ,
        "YEON_POSTGRES_URL": pool.conninfo,
        "YEON_REDIS_URL": redis_url,
        "COLUMNS": "250",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "infra.cli", "parked"),
        *words,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


async def parked(pool: Pool, log: EventLog) -> Conversation:
    """A room in which the second message was refused, and the third waits behind it."""
    history, bad, _ = two_rooms(REFUSED)
    await store(pool, history.events)
    await apply_batch(pool, history.received(), log)
    return bad


async def test_list_says_what_came_first_of_each_key_and_show_what_it_says(
    pool: Pool, log: EventLog, redis_url: str
) -> None:
    bad = await parked(pool, log)
    [first, _] = await waiting(pool, "view:rooms")

    code, said = await run(pool, redis_url, "list")
    assert code == 0, said
    assert str(bad.id) in said
    assert "view:rooms" in said
    code, said = await run(pool, redis_url, "list", "--json")
    listed = json.loads(said)
    assert (listed["position"], listed["behind"], listed["key"]) == (first.position, 1, str(bad.id))

    code, said = await run(pool, redis_url, "show", str(first.position), "--json")
    shown = json.loads(said)
    assert (code, shown["type"]) == (0, "yeon.room.message_posted.v1")
    assert shown["data"]["content"] == REFUSED
    assert shown["parked"][0]["consumer"] == "view:rooms"


async def test_release_says_what_is_still_parked(pool: Pool, log: EventLog, redis_url: str) -> None:
    bad = await parked(pool, log)

    code, said = await run(pool, redis_url, "release", "all")

    assert code == 1
    assert str(bad.id) in said
    assert (await operator_counts(pool))["parked"] == {"view:rooms": 2}


async def test_dropping_the_first_of_a_key_frees_what_is_behind_it(
    pool: Pool, log: EventLog, redis_url: str
) -> None:
    bad = await parked(pool, log)

    code, said = await run(pool, redis_url, "drop", "view:rooms", str(bad.id), "--yes")

    assert code == 0, said
    assert (await operator_counts(pool))["parked"] == {}
    found = await history_of(pool, bad.room_id)
    assert [item["content"] for item in found["items"]] == ["말 0", "말 2"]


async def test_a_consumer_of_another_process_that_does_not_answer_is_told_of(
    pool: Pool, log: EventLog, redis_url: str
) -> None:
    code, said = await run(pool, redis_url, "drop", "matcher:rounds", "0190b7a0-0000-7000-8000-000000000000")
    assert code == 2
    assert "nothing parked" in said
    code, said = await run(pool, redis_url, "show", "7")
    assert code == 2
    assert "Nothing is parked at position 7" in said
    code, said = await run(pool, redis_url, "release", "matcher:rounds")
    assert code == 0, said
