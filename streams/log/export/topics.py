"""The topics as a source of exports: all partitions merged by position, a few records of each held at a time."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from types import TracebackType

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from infra.kafka.access import Access
from infra.kafka.offsets import first_above, read_at, reader, record_position
from schemas.topics import TOPICS
from streams.log.export.record import Record, of_kafka
from streams.log.export.run import Exported, LogIncomplete

AT_ONCE = 500
"""Records of a partition taken at once."""
AHEAD_BYTES = 262_144
"""What is fetched of each partition ahead of that."""


class FromKafka:
    """The topics of `access`, in a `with` block. What retention removed is not there any more."""

    SEALED = False

    def __init__(self, access: Access) -> None:
        self._access = access
        self._loop = asyncio.new_event_loop()
        self._consumer: AIOKafkaConsumer | None = None
        self._seeker: AIOKafkaConsumer | None = None
        self._ends: dict[TopicPartition, int] = {}
        self._beginnings: dict[TopicPartition, int] = {}

    def __enter__(self) -> "FromKafka":
        try:
            self._loop.run_until_complete(self._start())
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for consumer in (self._consumer, self._seeker):
            if consumer is not None:
                self._loop.run_until_complete(consumer.stop())
        self._loop.close()

    def head(self) -> int:
        """The last position up to which every event is there."""
        lasts = self._loop.run_until_complete(self._lasts())
        return max(lasts, default=0)

    def read(self, first: int, last: int) -> Iterator[Exported]:
        records = self._merged(first, last)
        expected = first
        while expected <= last:
            record = self._loop.run_until_complete(anext(records, None))
            if record is None or record.position != expected:
                begins = f"; it begins again at {record.position}" if record else ""
                raise LogIncomplete(
                    f"The topics do not hold position {expected}{begins}. Older events are in the store alone: "
                    "export from there, or give --since and --until."
                )
            yield record, []
            expected += 1

    async def _start(self) -> None:
        self._seeker = reader(self._access)
        await self._seeker.start()
        self._consumer = AIOKafkaConsumer(
            **self._access.client(),
            enable_auto_commit=False,
            auto_offset_reset="none",
            max_partition_fetch_bytes=AHEAD_BYTES,
        )
        await self._consumer.start()
        places = [TopicPartition(name, n) for name, topic in TOPICS.items() for n in range(topic.partitions)]
        self._beginnings = await self._consumer.beginning_offsets(places)
        self._ends = await self._consumer.end_offsets(places)

    async def _lasts(self) -> list[int]:
        return [
            record_position(await read_at(_there(self._seeker), at, end - 1))
            for at, end in self._ends.items()
            if end > self._beginnings[at]
        ]

    async def _merged(self, first: int, last: int) -> AsyncIterator[Record]:
        """The records of all partitions in the order of positions, from `first`."""
        consumer = _there(self._consumer)
        starts = {at: await self._start_of(at, first) for at in self._ends}
        consumer.assign(list(starts))
        for at, offset in starts.items():
            consumer.seek(at, offset)
        flows = {at: self._flow(at, offset, first, last) for at, offset in starts.items()}
        heads: dict[TopicPartition, Record] = {}
        for at, flow in flows.items():
            if (record := await anext(flow, None)) is not None:
                heads[at] = record
        while heads:
            at = min(heads, key=lambda place: heads[place].position)
            yield heads[at]
            following = await anext(flows[at], None)
            if following is None:
                del heads[at]
            else:
                heads[at] = following

    async def _start_of(self, at: TopicPartition, first: int) -> int:
        async def position_at(offset: int) -> int:
            return record_position(await read_at(_there(self._seeker), at, offset))

        return await first_above(first - 1, self._beginnings[at], self._ends[at], position_at)

    async def _flow(self, at: TopicPartition, offset: int, first: int, last: int) -> AsyncIterator[Record]:
        """The records of one partition with `first <= position <= last`, those that come again left out."""
        end = self._ends[at]
        seen = first - 1
        while offset < end:
            for record in await self._some(at):
                offset = record.offset + 1
                said = of_kafka(at.topic, record.key, record.value, record.headers)
                if said.position > last:
                    return
                if said.position > seen:
                    seen = said.position
                    yield said

    async def _some(self, at: TopicPartition) -> list[ConsumerRecord]:
        found = await _there(self._consumer).getmany(at, timeout_ms=5_000, max_records=AT_ONCE)
        records = [record for records in found.values() for record in records]
        if not records:
            raise LogIncomplete(
                f"Kafka gave nothing of {at.topic}, partition {at.partition}, for five seconds."
            )
        return records


def _there(consumer: AIOKafkaConsumer | None) -> AIOKafkaConsumer:
    assert consumer is not None, "use it in a `with` block"
    return consumer
