"""Apache Kafka from the jars: it comes back after kill -9 with its topics, on the same port, and ends with us."""

from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from infra.embedded import PartFailed
from infra.embedded.ports import any_free
from infra.kafka import apache, topics
from infra.settings import Settings
from schemas.topics import CONVERSATIONS


@pytest.mark.kafka
async def test_a_killed_node_comes_back_with_what_it_acknowledged(tmp_path: Path) -> None:
    node = apache.ApacheKafka(tmp_path / "kafka", any_free(), tmp_path / "kafka.log")
    node.start()
    try:
        await topics.prepare(Settings(kafka_url=node.url))
        servers = topics.bootstrap(node.url)
        async with AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True) as producer:
            await producer.send_and_wait(CONVERSATIONS, b"kept", partition=3)

        node.kill()
        node.start()

        async with AIOKafkaConsumer(
            CONVERSATIONS, bootstrap_servers=servers, auto_offset_reset="earliest"
        ) as consumer:
            record = await consumer.getone()
        assert (record.value, record.partition) == (b"kept", 3)
    finally:
        node.stop()


def test_without_java_a_sentence_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(PartFailed, match="needs Java"):
        apache.find_java()


def test_three_nodes_share_one_list_of_voters() -> None:
    cluster = apache.Cluster("x" * 22, (7001, 7002, 7003))
    assert cluster.voters == "1@127.0.0.1:7001,2@127.0.0.1:7002,3@127.0.0.1:7003"
