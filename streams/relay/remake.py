"""Makes the topics that are missing, and again those that a broker made by itself with too few partitions.

Brokers may create a topic that a client merely asks for, so a deleted one comes back with the broker's defaults.
"""

import asyncio
import logging

from aiokafka.admin import AIOKafkaAdminClient

from infra.kafka.readiness import until_led
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
        # None at all: made a moment ago, and not yet known everywhere.
        wrong = [name for name, topic in TOPICS.items() if 0 < counts.get(name, 0) < topic.partitions]
        if wrong:
            await _make_again(settings, admin, wrong)
        await until_led(admin, {name: topic.partitions for name, topic in TOPICS.items()})
    finally:
        await admin.close()


async def _make_again(settings: Settings, admin: AIOKafkaAdminClient, wrong: list[str]) -> None:
    log.warning("topics with too few partitions are deleted and made again: %s", wrong)
    await admin.delete_topics(wrong)
    async with asyncio.timeout(GONE_SECONDS):
        while set(wrong) & set(await admin.list_topics()):
            await asyncio.sleep(0.1)
    await prepare(settings)
