"""Topics that can be used at once: made if they are missing, and waited for until every partition has a leader."""

import asyncio
from collections.abc import Sequence

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from infra.kafka.access import Access
from infra.kafka.topics import TopicRefused
from infra.settings import Settings

LED_SECONDS = 20.0


async def ensure_topics(settings: Settings, wanted: Sequence[NewTopic]) -> None:
    """Make those of `wanted` that are missing, and wait for all. Raises `KafkaError`, `TopicRefused`, `TimeoutError`."""
    admin = AIOKafkaAdminClient(**Access.of(settings).client(), request_timeout_ms=10_000)
    await admin.start()
    try:
        there = set(await admin.list_topics())
        if missing := [topic for topic in wanted if topic.name not in there]:
            answer = await admin.create_topics(missing)
            for name, code, *_ in answer.topic_errors:
                if code not in (0, TopicAlreadyExistsError.errno):
                    raise TopicRefused(
                        f"the broker would not make the topic {name}: {for_code(code).__name__}"
                    )
        await until_led(admin, {topic.name: topic.num_partitions for topic in wanted})
    finally:
        await admin.close()


async def until_led(admin: AIOKafkaAdminClient, counts: dict[str, int]) -> None:
    """Wait until each topic has that many partitions with a leader: a broker answers before all of it knows."""
    async with asyncio.timeout(LED_SECONDS):
        while True:
            found = {
                topic["topic"]: sum(partition["leader"] >= 0 for partition in topic["partitions"])
                for topic in await admin.describe_topics(list(counts))
            }
            if all(found.get(name, 0) >= count for name, count in counts.items()):
                return
            await asyncio.sleep(0.05)
