"""Makes the topics that are missing, and again those that a broker made by itself with too few partitions.

Brokers may create a topic that a client merely asks for, so a deleted one comes back with the broker's defaults.
"""

import asyncio
import logging

from aiokafka.admin import AIOKafkaAdminClient

from infra.kafka.topics import bootstrap, prepare
from infra.settings import Settings
from schemas.topics import TOPICS

log = logging.getLogger(__name__)

GONE_SECONDS = 10.0


async def remake_topics(settings: Settings) -> None:
    """Afterwards every topic has its partitions. Raises `KafkaError`, `TopicRefused` or `TimeoutError`."""
    await prepare(settings)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap(settings.kafka_url), request_timeout_ms=10_000)
    await admin.start()
    try:
        found = await admin.describe_topics(list(TOPICS))
        counts = {topic["topic"]: len(topic["partitions"]) for topic in found}
        wrong = [name for name, topic in TOPICS.items() if counts.get(name, 0) < topic.partitions]
        if not wrong:
            return
        log.warning("topics with too few partitions are deleted and made again: %s", wrong)
        await admin.delete_topics(wrong)
        async with asyncio.timeout(GONE_SECONDS):
            while set(wrong) & set(await admin.list_topics()):
                await asyncio.sleep(0.1)
    finally:
        await admin.close()
    await prepare(settings)
