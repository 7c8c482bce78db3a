"""Tables and topics are made by whoever comes, as often as they come; progress is what moves."""

import asyncio
import threading
from collections.abc import Callable

import psycopg
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from infra.embedded.ports import any_free
from infra.health import gets_on
from infra.kafka.topics import bootstrap
from infra.postgres import pool, prepare
from infra.settings import Settings
from infra.stores import StoreRefused, prepare_stores
from schemas.topics import CONVERSATIONS, TOPICS


async def test_many_at_once_may_prepare(
    fresh_database: Callable[[], str], redis_url: str, kafka_url: str
) -> None:
    settings = Settings(postgres_url=fresh_database(), redis_url=redis_url, kafka_url=kafka_url)
    await asyncio.gather(*(prepare_stores(settings) for _ in range(4)))

    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap(kafka_url))
    await admin.start()
    described = {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}
    await admin.close()
    for topic in TOPICS.values():
        assert described[topic.name] == topic.partitions
        assert described[topic.parked] == 1


async def test_a_second_preparation_keeps_what_is_there(fresh_database: Callable[[], str]) -> None:
    url = fresh_database()
    async with pool(url, "test") as connections, connections.connection() as connection:
        await connection.execute("UPDATE store.log_head SET position = 7")
        await asyncio.to_thread(prepare, url)
        assert await (await connection.execute("SELECT position FROM store.log_head")).fetchall() == [(7,)]


async def test_a_store_that_is_away_is_a_sentence(fresh_database: Callable[[], str], redis_url: str) -> None:
    away = any_free()
    nowhere = Settings(postgres_url=f"postgresql://yeon@127.0.0.1:{away}/yeon")
    with pytest.raises(StoreRefused, match="PostgreSQL"):
        await prepare_stores(nowhere)
    no_kafka = Settings(
        postgres_url=fresh_database(), redis_url=redis_url, kafka_url=f"kafka://127.0.0.1:{away}"
    )
    with pytest.raises(StoreRefused, match="Kafka"):
        await prepare_stores(no_kafka)


def test_a_relay_is_healthy_when_it_has_nothing_to_do_or_moves(fresh_database: Callable[[], str]) -> None:
    url = fresh_database()
    assert gets_on(url, "relay", patience=0)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("UPDATE store.log_head SET position = 10")
        assert not gets_on(url, "relay", patience=0.3)

        checkpoint = "INSERT INTO ops.relay_checkpoints VALUES (%s, 0, 1, 0, 3)"
        moving = threading.Timer(0.3, connection.execute, (checkpoint, (CONVERSATIONS,)))
        moving.start()
        assert gets_on(url, "relay", patience=10)
        moving.join()


def test_a_consumer_behind_the_relay_that_stands_is_not_healthy(fresh_database: Callable[[], str]) -> None:
    url = fresh_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("INSERT INTO ops.relay_checkpoints VALUES (%s, 0, 1, 0, 3)", (CONVERSATIONS,))
        connection.execute("INSERT INTO ops.tracking VALUES ('rooms', %s, 0, 2)", (CONVERSATIONS,))
        assert not gets_on(url, "streams", patience=0.3)
        connection.execute("UPDATE ops.tracking SET position = 3")
        assert gets_on(url, "streams", patience=0)


def test_each_role_is_asked_for_its_own_work_only(fresh_database: Callable[[], str]) -> None:
    url = fresh_database()
    with psycopg.connect(url, autocommit=True) as connection:
        # given a notifier and a matcher that stand still behind streams that have done everything
        connection.execute("INSERT INTO ops.relay_checkpoints VALUES (%s, 0, 1, 0, 3)", (CONVERSATIONS,))
        for consumer, position in (("rooms", 3), ("notifier", 2), ("matcher:rounds", 1)):
            connection.execute(
                "INSERT INTO ops.tracking VALUES (%s, %s, 0, %s)", (consumer, CONVERSATIONS, position)
            )

        # then only the notifier is not well
        assert gets_on(url, "streams", patience=0)
        assert not gets_on(url, "notifier", patience=0.3)
        connection.execute("UPDATE ops.tracking SET position = 3 WHERE consumer = 'notifier'")
        assert gets_on(url, "notifier", patience=0)
