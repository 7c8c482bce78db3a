"""`yeon doctor` over real parts: versions, lags, and what is away."""

from collections.abc import Callable
from uuid import uuid4

import psycopg

from infra.doctor import examine, without_secrets
from infra.embedded.ports import any_free
from infra.settings import Settings
from infra.stores import prepare_stores
from schemas.topics import CONVERSATIONS, EXPERTS, TOPICS


async def test_it_sees_versions_lags_and_what_is_away(
    fresh_database: Callable[[], str], redis_url: str, kafka_url: str
) -> None:
    url = fresh_database()
    settings = Settings(
        postgres_url=url,
        redis_url=redis_url,
        kafka_url=kafka_url,
        http_port=any_free(),
        matcher_port=any_free(),
        embedded_broker=True,
    )
    await prepare_stores(settings)
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE store.log_head SET position = 100")
        connection.execute(
            "INSERT INTO ops.relay_checkpoints (topic, partition, generation, broker_offset, position)"
            " VALUES (%(c)s, 0, 2, 9, 90), (%(c)s, 1, 2, 9, 80), (%(e)s, 0, 1, 9, 30), (%(e)s, 1, 1, 9, 7)",
            {"c": CONVERSATIONS, "e": EXPERTS},
        )
        connection.execute("INSERT INTO ops.generations VALUES (%s, 2)", (CONVERSATIONS,))
        connection.execute(
            "INSERT INTO ops.tracking VALUES ('rooms', %(c)s, 0, 90), ('rooms', %(c)s, 1, 45), ('experts', %(e)s, 0, 30)",
            {"c": CONVERSATIONS, "e": EXPERTS},
        )
        connection.execute(
            "INSERT INTO ops.parked (consumer, key, position, topic, partition, reason)"
            " VALUES ('rooms', %s, 46, %s, 1, 'odd')",
            (uuid4(), CONVERSATIONS),
        )

    findings = await examine(settings)

    reachable = {part.name: part.reachable for part in findings.parts}
    assert reachable == {
        "PostgreSQL": True,
        "Redis": True,
        "Kafka": True,
        "Qdrant": False,
        "matcher": False,
        "gateway": False,
    }
    assert not findings.healthy
    details = {part.name: part.detail for part in findings.parts}
    assert details["PostgreSQL"].startswith("18")
    assert details["Redis"].startswith("Valkey 9")
    assert details["Kafka"].startswith("1 broker")
    assert "missing" not in details["Kafka"]
    assert (findings.log_head, findings.relay_behind, findings.parked) == (100, 10, 1)
    assert {row["topic"]: row["generation"] for row in findings.topics} == dict.fromkeys(TOPICS, 1) | {
        CONVERSATIONS: 2
    }
    assert findings.consumers == [
        {"consumer": "rooms", "topic": CONVERSATIONS, "behind": 35, "partitions_behind": 1},
        # a partition it never took up is all of it to do
        {"consumer": "experts", "topic": EXPERTS, "behind": 7, "partitions_behind": 1},
    ]


def test_no_password_is_shown() -> None:
    assert without_secrets("postgresql://yeon:s3cret@h:1/yeon?sslmode=require") == (
        "postgresql://yeon:***@h:1/yeon?sslmode=require"
    )
    assert without_secrets("redis://:s3cret@h:1/0") == "redis://:***@h:1/0"
    assert without_secrets("kafka://u:s3cret@a:1,kafka://b:2") == "kafka://u:***@a:1,kafka://b:2"
