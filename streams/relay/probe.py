"""Looks at what the broker really holds: the extent of partitions and single records, read back by offset."""

import asyncio
from collections.abc import Collection, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import OffsetOutOfRangeError
from aiokafka.structs import ConsumerRecord

from infra.kafka.access import Access
from infra.kafka.offsets import reader
from streams.relay.standing import Extent, Held, Mark, Partition

ANSWER_SECONDS = 5.0


class Probe:
    """A reader of the event topics, without a group. One call at a time."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._consumer: AIOKafkaConsumer | None = None

    async def start(self) -> None:
        self._consumer = reader(self._access)
        await self._consumer.start()

    async def close(self) -> None:
        if self._consumer is not None:
            await self._consumer.stop()

    async def extents(self, partitions: Collection[Partition]) -> dict[Partition, Extent]:
        """The offsets each partition has. Raises `TimeoutError` if the broker knows one of them no more."""
        async with asyncio.timeout(ANSWER_SECONDS):
            wanted = [TopicPartition(*at) for at in partitions]
            begins = await self._reader.beginning_offsets(wanted)
            ends = await self._reader.end_offsets(wanted)
        return {(at.topic, at.partition): Extent(begins[at], ends[at]) for at in wanted}

    async def at(self, offsets: Mapping[Partition, int]) -> dict[Partition, Held | None]:
        """The record at each offset, all asked for at once; None where there is none of ours at that very offset."""
        found: dict[Partition, Held | None] = {}
        if not offsets:
            return found
        self._reader.assign([TopicPartition(*at) for at in offsets])
        try:
            for at, offset in offsets.items():
                self._reader.seek(TopicPartition(*at), offset)
            for at, offset in offsets.items():
                record = await self._next(TopicPartition(*at))
                found[at] = None if record is None or record.offset != offset else _held(record)
        finally:
            # An assigned consumer goes on fetching what comes after, read or not.
            self._reader.unsubscribe()
        return found

    async def between(self, at: Partition, start: int, end: int) -> list[Held]:
        """The records of ours in one partition with `start <= offset < end`."""
        found: list[Held] = []
        if start >= end:
            return found
        partition = TopicPartition(*at)
        self._reader.assign([partition])
        try:
            self._reader.seek(partition, start)
            while (record := await self._next(partition)) is not None:
                if (held := _held(record)) is not None:
                    found.append(held)
                if record.offset >= end - 1:
                    break
        finally:
            self._reader.unsubscribe()
        return found

    @property
    def _reader(self) -> AIOKafkaConsumer:
        assert self._consumer is not None, "start it first"
        return self._consumer

    async def _next(self, partition: TopicPartition) -> ConsumerRecord | None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._reader.getone(partition)
        except OffsetOutOfRangeError:
            return None


def _held(record: ConsumerRecord) -> Held | None:
    headers = dict(record.headers)
    try:
        mark = Mark(record.offset, int(headers["ce_position"]))
        return Held(mark, int(headers["ce_previousposition"]), headers["ce_id"].decode())
    except (KeyError, ValueError):
        return None
