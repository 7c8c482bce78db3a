"""Says again what happened, at its own pace, a multiple of it or as fast as it goes: to topics of a sandbox or as lines.

Keys, order and headers are those of the live topics, which are never written to.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from types import TracebackType
from typing import Any, Protocol, TextIO

import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from infra.kafka.access import Access
from schemas.envelope import Event
from schemas.events.unreadable import FAMILIES, family_of
from schemas.mapper import place_of, to_kafka
from schemas.topics import TOPICS, partition_of
from streams.log.filters import Wanted
from streams.log.store import Store

Headers = list[tuple[str, bytes]]
Place = tuple[str, int]
LOOK_BACK = 10_000
"""Positions looked at in one step when the events before a range are searched."""
_PREFIX = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class NoSandbox(ValueError):
    """A prefix that could lead to a live topic, or a topic that is there but not like its model; a sentence."""


class Sink(Protocol):
    """Where records go."""

    async def put(
        self, topic: str, partition: int, key: bytes, value: bytes, headers: Headers, at: datetime
    ) -> None:
        """Takes the next record of a partition."""
        ...


class Lines:
    """JSON lines, one a record."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    async def put(
        self, topic: str, partition: int, key: bytes, value: bytes, headers: Headers, at: datetime
    ) -> None:
        record = {
            "topic": topic,
            "partition": partition,
            "key": key.decode(),
            "headers": {name: text.decode() for name, text in headers},
            "value": orjson.Fragment(value or b"null"),
        }
        self._file.write(orjson.dumps(record).decode() + "\n")
        self._file.flush()


class Sandbox(AbstractAsyncContextManager["Sandbox"]):
    """Topics `PREFIX.<live name>` with as many partitions as their models, made where they are missing."""

    def __init__(self, access: Access, prefix: str) -> None:
        """Raises `NoSandbox` for a prefix that is none."""
        if not _PREFIX.fullmatch(prefix) or prefix == "yeon":
            raise NoSandbox(
                f"{prefix!r} cannot be the prefix of a sandbox: take small letters, digits and hyphens, and not `yeon`"
            )
        self._names = {name: f"{prefix}.{name}" for name in TOPICS}
        self._access = access
        self._producer = AIOKafkaProducer(**access.client(), enable_idempotence=True, acks="all", linger_ms=5)
        self._sent: list[asyncio.Future[Any]] = []

    async def __aenter__(self) -> "Sandbox":
        await self._make_topics()
        await self._producer.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                await self._settle()
        finally:
            await self._producer.stop()

    async def put(
        self, topic: str, partition: int, key: bytes, value: bytes, headers: Headers, at: datetime
    ) -> None:
        milliseconds = int(at.timestamp() * 1000)
        future = await self._producer.send(
            self._names[topic], value, key, partition=partition, timestamp_ms=milliseconds, headers=headers
        )
        self._sent.append(future)
        if len(self._sent) >= 1_000:
            await self._settle()

    async def _settle(self) -> None:
        sent, self._sent = self._sent, []
        await asyncio.gather(*sent)

    async def _make_topics(self) -> None:
        admin = AIOKafkaAdminClient(**self._access.client())
        await admin.start()
        try:
            wanted = [NewTopic(self._names[name], topic.partitions, 1) for name, topic in TOPICS.items()]
            answer = await admin.create_topics(wanted)
            for name, code, *_ in answer.topic_errors:
                if code not in (0, TopicAlreadyExistsError.errno):
                    raise NoSandbox(f"the broker would not make the topic {name}: {for_code(code).__name__}")
            for found in await admin.describe_topics([topic.name for topic in wanted]):
                model = next(TOPICS[name] for name, own in self._names.items() if own == found["topic"])
                if len(found["partitions"]) != model.partitions:
                    raise NoSandbox(
                        f"the topic {found['topic']} has not {model.partitions} partitions; delete it"
                    )
        finally:
            await admin.close()


class Pace:
    """When each event is due: `speed` times as fast as it happened, or at once if it is 0."""

    def __init__(
        self,
        speed: float,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._speed = speed
        self._clock = clock
        self._sleep = sleep
        self._began: tuple[float, datetime] | None = None

    async def wait(self, at: datetime) -> None:
        """Returns when what happened at `at` is due."""
        if not self._speed:
            return
        if self._began is None:
            self._began = self._clock(), at
        began, first = self._began
        due = began + (at - first).total_seconds() / self._speed
        if (left := due - self._clock()) > 0:
            await self._sleep(left)


def previous_positions(log: Store, since: int) -> dict[Place, int]:
    """For each partition the position of its last event before `since`, 0 for none."""
    found: dict[Place, int] = {}
    wanted = sum(topic.partitions for topic in TOPICS.values())
    end = since - 1
    while end > 0 and len(found) < wanted:
        start = max(1, end - LOOK_BACK + 1)
        latest: dict[Place, int] = {}
        for rows in log.pages(Wanted(since=start, until=end)):
            for position, stream, _, type_name, state in rows:
                topic = FAMILIES[family_of(type_name)]
                latest[topic, partition_of(topic, place_of(topic, stream, state))] = position
        found = latest | found
        end = start - 1
    return found


async def replay(
    events: Iterable[Event],
    previous: dict[Place, int],
    sink: Sink,
    pace: Pace,
    advanced: Callable[[int], None],
) -> int:
    """Says `events` again; how many they were. `previous` is what `previous_positions` gives for the first of them."""
    count = 0
    for event in events:
        await pace.wait(event.meta.at)
        place = event.topic, event.partition
        key, value, headers = to_kafka(event, previous.get(place, 0))
        previous[place] = event.position
        await sink.put(*place, key, value, headers, event.meta.at)
        count += 1
        advanced(1)
    return count
