"""Live statistics in windowed Faust tables, published every other second on Redis. A restart may lose some."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import faust
import orjson
from aiokafka.admin import NewTopic
from redis.asyncio import Redis
from redis.exceptions import RedisError

from infra.clock import now
from infra.kafka.app import Event as FaustEvent
from infra.kafka.app import decode
from schemas.envelope import Received
from schemas.events.question import (
    OfferAccepted,
    OfferDeclined,
    OffersExpired,
    QuestionAsked,
    QuestionCancelled,
    QuestionMatched,
    QuestionUnmatched,
)
from schemas.topics import CONVERSATIONS, TOPICS
from streams.figures import FIGURES, KEPT_SECONDS, WINDOW_SECONDS, Figure, Windows, counted, said, summed

log = logging.getLogger(__name__)

KEY = "yeon:statistics"
PARTS = "yeon:statistics:parts"
"""A hash with what each partition counted, since several workers may share the partitions."""
PUBLISH_SECONDS = 2.0
_ENDS = (OfferAccepted, QuestionUnmatched, QuestionCancelled)
_COUNTED = {
    kind.TYPE.encode() for kind in (QuestionAsked, QuestionMatched, OfferDeclined, OffersExpired, *_ENDS)
}


def changelogs(replication: int) -> list[NewTopic]:
    """The topics behind the tables, which must be there before the worker joins its group."""
    configs = {"cleanup.policy": "compact,delete", "retention.ms": str(2 * KEPT_SECONDS * 1000)}
    count = TOPICS[CONVERSATIONS].partitions
    return [
        NewTopic(_changelog(name), count, replication, topic_configs=configs) for name in ("figures", "asked")
    ]


def _changelog(table: str) -> str:
    # Faust's own name for a changelog holds the group's, which is another at each start; this one outlasts them.
    return f"yeon.views.{table}.changelog"


class Statistics:
    """The tables of `app`. `observe` is to be called in an agent's stream, `publish` beside it."""

    def __init__(self, app: faust.App, redis: Redis) -> None:
        self._app = app
        self._redis = redis
        self._seen: dict[int, int] = {}
        figures = self._table("figures", float)
        changelog = figures.changelog_topic
        self._figures = figures.tumbling(WINDOW_SECONDS, expires=KEPT_SECONDS)
        figures.changelog_topic = changelog  # which windowing takes away
        self._asked = self._table("asked", None)

    def _table(self, name: str, default: Any) -> Any:
        changelog = self._app.topic(
            _changelog(name),
            key_serializer="json",
            value_serializer="json",
            partitions=TOPICS[CONVERSATIONS].partitions,
            retention=2 * KEPT_SECONDS,
            compacting=True,
            deleting=True,
            acks=False,
            internal=True,
            allow_empty=True,
        )
        return self._app.Table(
            name,
            default=default,
            partitions=TOPICS[CONVERSATIONS].partitions,
            changelog_topic=changelog,
        )

    def observe(self, event: FaustEvent) -> None:
        """Count a record of the conversations, in its partition, in the minute it happened in."""
        message = event.message
        if dict(message.headers or ()).get("ce_type") not in _COUNTED:
            return
        received = decode(message)
        if not isinstance(received, Received) or received.event.position <= self._seen.get(
            message.partition, 0
        ):
            return
        self._seen[message.partition] = received.event.position
        data = received.event.data
        question = str(data.partition_key)
        if isinstance(data, QuestionAsked):
            self._asked[question] = received.event.meta.at.timestamp()
        for count in counted(received.event, self._asked.get(question)):
            self._figures[f"{message.partition}/{count.figure}"] += count.amount
        if isinstance(data, _ENDS):
            self._asked.pop(question, None)

    async def publish(self) -> None:
        """Publish until cancelled. What cannot be published now is published later."""
        while True:
            await asyncio.sleep(PUBLISH_SECONDS)
            try:
                await self._publish()
            except (RedisError, OSError) as error:
                log.warning("statistics were not published: %s", error)

    async def _publish(self) -> None:
        since = now().timestamp() - KEPT_SECONDS - WINDOW_SECONDS
        mine: dict[str, Windows] = {}
        for (key, (start, _)), amount in self._figures.table.items():
            partition, figure = key.split("/")
            if start >= since and figure in FIGURES:
                part: dict[Figure, dict[float, float]] = mine.setdefault(partition, {})  # type: ignore[assignment]
                part.setdefault(figure, {})[start] = amount
        if mine:
            await self._redis.hset(PARTS, mapping={name: _dump(part) for name, part in mine.items()})
        found = await self._redis.hgetall(PARTS)
        parts = [_load(part) for part in found.values()]
        await self._redis.set(KEY, orjson.dumps(said(summed(parts), now())))


def _dump(part: Windows) -> bytes:
    return orjson.dumps(part, option=orjson.OPT_NON_STR_KEYS)


def _load(part: bytes | str) -> Windows:
    found: Mapping[Figure, Mapping[str, float]] = orjson.loads(part)
    return {
        figure: {float(start): amount for start, amount in starts.items()} for figure, starts in found.items()
    }
