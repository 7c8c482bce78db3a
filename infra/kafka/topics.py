"""Makes the topics of the catalogue on a broker, before any worker joins. Partition counts are never changed."""

from collections.abc import Sequence

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from infra.kafka.access import Access, bootstrap
from infra.settings import Settings
from schemas.topics import PARKED_PARTITIONS, TOPICS

__all__ = ["TopicRefused", "bootstrap", "catalogue", "make_topics", "prepare"]

DAY_MS = 24 * 60 * 60 * 1000


class TopicRefused(Exception):
    """The broker would not make a topic."""


def catalogue(replication: int, retention_days: int) -> list[NewTopic]:
    """Every topic of ours and the parked topic of each, as they are asked for."""
    configs = {"retention.ms": str(retention_days * DAY_MS), "cleanup.policy": "delete"}
    wanted = []
    for topic in TOPICS.values():
        wanted.append(NewTopic(topic.name, topic.partitions, replication, topic_configs=dict(configs)))
        wanted.append(NewTopic(topic.parked, PARKED_PARTITIONS, replication, topic_configs=dict(configs)))
    return wanted


async def prepare(settings: Settings) -> None:
    """Makes the topics that are not there. Raises TopicRefused, or aiokafka's KafkaConnectionError."""
    admin = AIOKafkaAdminClient(**Access.of(settings).client(), request_timeout_ms=10_000)
    await admin.start()
    try:
        there = set(await admin.list_topics())
        wanted = catalogue(settings.kafka_replication, settings.kafka_retention_days)
        await make_topics(admin, [topic for topic in wanted if topic.name not in there])
    finally:
        await admin.close()


async def make_topics(admin: AIOKafkaAdminClient, wanted: Sequence[NewTopic]) -> None:
    """Makes `wanted`; one that is there already stays as it is. Raises TopicRefused."""
    if not wanted:
        return
    answer = await admin.create_topics(list(wanted))
    for name, code, *rest in answer.topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):
            reason = rest[0] if rest and rest[0] else for_code(code).__name__
            raise TopicRefused(f"the broker would not make the topic {name}: {reason}")
