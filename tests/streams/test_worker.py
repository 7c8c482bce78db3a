"""The worker as a process: views, live statistics and copies of what is parked, across a kill -9."""

import signal
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import psycopg
import pytest
from aiokafka import AIOKafkaConsumer
from redis import Redis

from infra.kafka.topics import bootstrap
from infra.postgres import pool
from schemas.envelope import Event
from schemas.topics import CONVERSATIONS, TOPICS
from tests.faults.conftest import Roles
from tests.projections.history import Conversation, History
from tests.projections.whole_stories import store

WORKER = ("streams", "worker")


def today(events: list[Event]) -> list[Event]:
    """The same events, as if they happened just now."""
    return [replace(event, meta=replace(event.meta, at=datetime.now(UTC))) for event in events]


def rows(roles: Roles, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(roles.environment["YEON_POSTGRES_URL"]) as connection:
        try:
            return connection.execute(statement.encode()).fetchall()
        except psycopg.errors.UndefinedTable:
            return []


def questions_said(redis: Redis) -> int:
    said = redis.get("yeon:statistics")
    return int(orjson.loads(said)["lastHour"]["questions"]) if isinstance(said, bytes) else 0


@pytest.mark.timeout(240)
async def test_views_statistics_and_parked_copies_survive_a_killed_worker(
    roles: Roles, redis_url: str
) -> None:
    # given a log with three questions, in one of which a message is that PostgreSQL cannot take
    roles.environment["YEON_REDIS_URL"] = redis_url
    history = History()
    asker, expert = history.person("묻는 이"), history.expert("답하는 이")
    talks = [Conversation(history, f"{number}", asker) for number in range(3)]
    for talk in talks:
        talk.asked()
        talk.matched([expert])
        talk.accepted(expert)
        talk.opened(expert)
    spoilt = talks[0].said(expert, "여기까지\x00")
    behind = talks[0].said(expert, "뒤에 오는 말")
    talks[1].said(expert, "다른 방의 말")
    url = roles.environment["YEON_POSTGRES_URL"]
    async with pool(url, "test") as connections:
        await store(connections, today(history.events))

        # when relay and worker run
        roles.start("streams", "relay")
        worker = roles.start(*WORKER)
        redis = Redis.from_url(redis_url)
        await roles.until(lambda: questions_said(redis) == 3, 90)

        # then the views hold what they can, and the message and what is behind it are parked, with copies
        parked = "SELECT position FROM ops.parked WHERE consumer = 'view:rooms' ORDER BY position"
        await roles.until(lambda: rows(roles, parked) == [(spoilt.position,), (behind.position,)], 60)
        await roles.until(lambda: rows(roles, "SELECT count(*) FROM views.questions") == [(3,)], 60)
        copies = await parked_copies(roles.environment["YEON_KAFKA_URL"], count=2)
        assert sorted(int(headers["ce_position"]) for headers in copies) == [spoilt.position, behind.position]
        assert {headers["yeonconsumer"] for headers in copies} == {b"view:rooms"}

        # and when the worker is killed, and another question is asked, the next worker goes on
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        told = len(history.events)
        Conversation(history, "after", asker).asked()
        await store(connections, today(history.events[told:]))
        roles.start(*WORKER)
        await roles.until(lambda: questions_said(redis) == 4, 90)
        await roles.until(lambda: rows(roles, "SELECT count(*) FROM views.questions") == [(4,)], 60)

        # and what the database forgot after a crash, while Kafka's group had committed it, comes from the store
        with psycopg.connect(url) as connection:
            connection.execute("DELETE FROM views.questions")
            connection.execute(
                "UPDATE ops.tracking SET position = 0 WHERE consumer = 'view:questions' AND topic = %s",
                (CONVERSATIONS,),
            )
        await roles.until(lambda: rows(roles, "SELECT count(*) FROM views.questions") == [(4,)], 60)
        redis.close()


async def parked_copies(kafka_url: str, count: int) -> list[dict[str, bytes]]:
    consumer = AIOKafkaConsumer(
        TOPICS[CONVERSATIONS].parked, bootstrap_servers=bootstrap(kafka_url), auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        return [dict((await consumer.getone()).headers) for _ in range(count)]
    finally:
        await consumer.stop()
