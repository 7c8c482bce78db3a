"""What is done about events that were published and not applied: filled in, or begun anew."""

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import TopicPartition
from psycopg import AsyncConnection

from infra.kafka import process
from infra.kafka import watch as watching
from infra.kafka.app import build_app
from infra.kafka.generations import Group
from infra.kafka.intake import Broken
from infra.kafka.process import run_app
from infra.kafka.tracking import Heard
from infra.kafka.watch import NoProgress, watch
from infra.settings import Settings
from schemas.topics import CONVERSATIONS

HERE = (CONVERSATIONS, 3)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(watching, "REFILL_SECONDS", 0.5)
    monkeypatch.setattr(watching, "DEAF_SECONDS", 1.5)


class Filling:
    """A refill that applies what it is asked for, and tells."""

    def __init__(self, url: str) -> None:
        self.asked: list[Broken] = []
        self.filled = asyncio.Event()
        self._url = url

    async def __call__(self, missing: Sequence[Broken]) -> None:
        self.asked += missing
        async with await AsyncConnection.connect(self._url, autocommit=True) as connection:
            await connection.execute("UPDATE ops.tracking SET position = 9 WHERE consumer = 'one'")
        self.filled.set()


async def _watched(
    url: str,
    directory: Path,
    heard: Heard,
    head: int = 9,
    started: bool = True,
    patience: float = 30,
    assigned: set[TopicPartition] | None = None,
) -> tuple[Filling, "asyncio.Task[None]"]:
    """Watch a process of which a consumer has applied up to 5, while 9 is published, and `head` is stored.

    With `assigned` it is one of several, and has these partitions.
    """
    async with await AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("UPDATE store.log_head SET position = %s", (head,))
        await connection.execute("INSERT INTO ops.tracking VALUES ('one', %s, %s, 5)", HERE)
        await connection.execute("INSERT INTO ops.relay_checkpoints VALUES (%s, %s, 1, 1, 9)", HERE)
    settings = Settings(
        postgres_url=url, kafka_url="127.0.0.1:9", data_dir=directory, embedded_broker=assigned is None
    )
    group = Group("watched", {CONVERSATIONS: 1}, 1, heard)
    filling = Filling(url)
    app = build_app(group, settings)
    if assigned is not None:
        app.consumer = cast(Any, SimpleNamespace(assignment=lambda: assigned))
    fed = {CONVERSATIONS: ["one"]}
    ready = asyncio.Event()
    if started:
        ready.set()
    watched = watch(app, ready, settings, fed, group, patience=patience, refill=filling)
    return filling, asyncio.create_task(watched)


async def test_what_came_and_is_not_applied_is_filled_in(
    fresh_database: Callable[[], str], tmp_path: Path
) -> None:
    heard = Heard({HERE: 5})
    heard.hear(HERE, 9, time.monotonic())
    filling, watched = await _watched(fresh_database(), tmp_path, heard)

    await asyncio.wait_for(filling.filled.wait(), 10)
    done, _ = await asyncio.wait([watched], timeout=2)

    assert filling.asked == [Broken(*HERE, 9, "it never came")]
    assert not done
    watched.cancel()


async def test_a_stream_that_hears_nothing_begins_anew_and_is_not_filled_in(
    fresh_database: Callable[[], str], tmp_path: Path
) -> None:
    filling, watched = await _watched(fresh_database(), tmp_path, Heard({HERE: 5}))

    with pytest.raises(NoProgress, match="nothing came"):
        await asyncio.wait_for(watched, 10)
    assert not filling.asked


async def test_a_topic_that_was_filled_anew_is_heard_while_it_brings_what_was_seen_long_ago(
    fresh_database: Callable[[], str], tmp_path: Path
) -> None:
    heard = Heard({HERE: 5})
    filling, watched = await _watched(fresh_database(), tmp_path, heard)

    # when only old events come, for twice as long as silence is borne
    over = time.monotonic() + 2 * watching.DEAF_SECONDS
    while time.monotonic() < over and not watched.done():
        heard.hear(HERE, 3, time.monotonic())
        await asyncio.sleep(0.05)

    # then nothing is amiss, nor is read from the store what is on its way
    assert not watched.done()
    assert not filling.asked

    # and it is, once they stop
    with pytest.raises(NoProgress, match="nothing came"):
        await asyncio.wait_for(watched, 10)


async def test_a_worker_that_was_left_without_partitions_begins_anew_if_nobody_gets_on(
    fresh_database: Callable[[], str], tmp_path: Path
) -> None:
    filling, watched = await _watched(fresh_database(), tmp_path, Heard({}), patience=1, assigned=set())

    with pytest.raises(NoProgress, match="nothing applied"):
        await asyncio.wait_for(watched, 10)
    assert not filling.asked


async def test_what_others_have_is_theirs_to_watch(fresh_database: Callable[[], str], tmp_path: Path) -> None:
    other = {TopicPartition(CONVERSATIONS, 4)}
    filling, watched = await _watched(fresh_database(), tmp_path, Heard({}), patience=0.5, assigned=other)

    done, _ = await asyncio.wait([watched], timeout=2)

    assert not done
    assert not filling.asked
    watched.cancel()


async def test_an_older_store_is_noticed_even_while_the_application_starts(
    fresh_database: Callable[[], str], tmp_path: Path
) -> None:
    _, watched = await _watched(fresh_database(), tmp_path, Heard({HERE: 5}), head=4, started=False)

    with pytest.raises(NoProgress, match="older"):
        await asyncio.wait_for(watched, 10)


async def test_an_application_that_does_not_start_ends_and_says_so(
    fresh_database: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given one whose group is never joined
    settings = Settings(
        postgres_url=fresh_database(), kafka_url="127.0.0.1:9", data_dir=tmp_path, embedded_broker=True
    )
    group = Group("watched", {CONVERSATIONS: 1}, 1, Heard({}))
    app = build_app(group, settings)
    monkeypatch.setattr(app, "start", asyncio.Event().wait)
    monkeypatch.setattr(process, "START_SECONDS", 0.5)

    # then
    with pytest.raises(NoProgress, match="did not start"):
        await asyncio.wait_for(run_app(app, settings, {CONVERSATIONS: ["one"]}, group), 20)
