"""Given topics, when they are made anew while a relay that was sent away still makes them, then those go as well."""

from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from infra.embedded import Part
from infra.kafka.topics import bootstrap, catalogue, make_topics, prepare
from infra.settings import Settings
from schemas.topics import TOPICS
from streams import rebuild


class Overtaken(AIOKafkaAdminClient):
    """Somebody makes the topics again right after they were deleted, once."""

    left = True

    async def describe_topics(self, topics: list[str] | None = None) -> Any:
        if self.left:
            self.left = False
            await make_topics(self, catalogue(1, 1))
        return await super().describe_topics(topics)


async def test_topics_that_were_made_meanwhile_are_deleted_too(
    own_kafka: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(kafka_url=own_kafka.url, kafka_replication=1)
    await prepare(settings)
    monkeypatch.setattr(rebuild, "AIOKafkaAdminClient", Overtaken)
    monkeypatch.setattr(rebuild, "STILL_SECONDS", 10.0)

    await rebuild.delete_topics(settings)

    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap(own_kafka.url))
    await admin.start()
    try:
        found = await admin.describe_topics(list(TOPICS))  # which a broker may make of what it is asked about
        assert all(len(topic["partitions"]) < TOPICS[topic["topic"]].partitions for topic in found)
    finally:
        await admin.close()
