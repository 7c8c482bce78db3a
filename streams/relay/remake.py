"""Makes the topics that are missing, and again those that a broker made by itself with too few partitions.

Brokers may create a topic that a client merely asks for, so a deleted one comes back with the broker's defaults.
"""

import asyncio
import logging

from aiokafka.admin import AIOKafkaAdminClient

from infra.kafka.access import Access
from infra.kafka.readiness import until_led
from infra.kafka.topics import catalogue, make_topics, prepare
from infra.settings import Settings
from schemas.topics import TOPICS

log = logging.getLogger(__name__)

AGAIN_SECONDS = 10.0


async def remake_topics(settings: Settings) -> None:
    """Afterwards every topic has its partitions. Raises `KafkaError`, `TopicRefused` or `TimeoutError`."""
    await prepare(settings)
    admin = AIOKafkaAdminClient(**Access.of(settings).client(), request_timeout_ms=10_000)
    await admin.start()
    try:
        whole = catalogue(settings.kafka_replication, settings.kafka_retention_days)
        async with asyncio.timeout(AGAIN_SECONDS):
            # A client that asks for a deleted topic may have the broker make it before we do: so it is never waited
            # for that a topic is gone, but deleted and made in one go, until it is as it should be.
            while wrong := await _with_too_few_partitions(admin):
                log.warning("topics with too few partitions are deleted and made again: %s", wrong)
                await admin.delete_topics(wrong)
                await make_topics(admin, [topic for topic in whole if topic.name in wrong])
                await asyncio.sleep(0.1)
        await until_led(admin, {name: topic.partitions for name, topic in TOPICS.items()})
    finally:
        await admin.close()


async def _with_too_few_partitions(admin: AIOKafkaAdminClient) -> list[str]:
    found = await admin.describe_topics(list(TOPICS))
    counts = {topic["topic"]: len(topic["partitions"]) for topic in found}
    # None at all: made a moment ago, and not yet known everywhere.
    return [name for name, topic in TOPICS.items() if 0 < counts.get(name, 0) < topic.partitions]
