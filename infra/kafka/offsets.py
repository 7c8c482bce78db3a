"""Where a fresh consumer group begins: at the first record above what its consumers have tracked.

Only a saving of work: the chain guard drops what is too early and fills what is too late. The relay's checkpoints say where
to look, so a start reads nothing of a partition whose end its consumers have seen, however long it is: the embedded broker
answers whoever reads one record with all that follows it, whatever limit it is given.
"""

import logging
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, OffsetOutOfRangeError, UnknownMemberIdError
from aiokafka.structs import ConsumerRecord, OffsetAndMetadata

from infra.kafka.access import Access
from infra.kafka.pacing import pace
from schemas.mapper import position_of

log = logging.getLogger(__name__)

UNKNOWN = sys.maxsize
"""Of a record that did not come or does not tell its position: to begin before it costs work, after it an event."""

REPEATED = 1_000
"""Records that a partition may hold twice, after a relay was killed, and a search does not reckon with; of more, what is
begun after is read from the store."""


class Checkpoint(NamedTuple):
    """A record that the relay wrote, and the position of its event; what is before it is not above that."""

    offset: int
    position: int


def between(
    tracked: int, beginning: int, end: int, known: Checkpoint | None, repeated: int = REPEATED
) -> tuple[int, int]:
    """The offsets in `beginning..end` between which the first record above the position `tracked` is, as far as can be
    told from one that is known: at an offset lower by n stands an event whose position is lower by n or more, but for
    `repeated` ones."""
    if known is None or not beginning <= known.offset < end:
        return beginning, end
    if known.position <= tracked:
        return known.offset + 1, known.offset + 1
    low = known.offset - (known.position - tracked) - repeated
    return max(beginning, low), known.offset


async def first_above(
    tracked: int, beginning: int, end: int, position_at: Callable[[int], Awaitable[int]]
) -> int:
    """The first offset in `beginning..end` whose record's position is above `tracked`; `end` if there is none.

    Where a partition repeats itself it is one of several such offsets.
    """
    low, high = beginning, end
    while low < high:
        middle = (low + high) // 2
        if await position_at(middle) > tracked:
            high = middle
        else:
            low = middle + 1
    return low


def reader(access: Access) -> AIOKafkaConsumer:
    """A consumer without a group, for reading single records. The caller starts and stops it."""
    consumer = AIOKafkaConsumer(
        **access.client(),
        enable_auto_commit=False,
        auto_offset_reset="none",
        max_partition_fetch_bytes=65_536,
    )
    pace(consumer, eager=0.0)
    return consumer


async def read_at(
    consumer: AIOKafkaConsumer, at: TopicPartition, offset: int, wait: float = 5.0
) -> ConsumerRecord | None:
    """The record at `offset`, or the next one there is; None if none comes within `wait` seconds."""
    consumer.assign([at])
    consumer.seek(at, offset)
    try:
        found = await consumer.getmany(at, timeout_ms=int(wait * 1000), max_records=1)
    except OffsetOutOfRangeError:
        return None
    return next((record for records in found.values() for record in records), None)


def record_position(record: ConsumerRecord | None) -> int:
    """The `ce_position` of a record; 0 if there is none."""
    try:
        return 0 if record is None else position_of(record.headers)
    except (KeyError, ValueError):
        return 0


async def commit_starts(
    access: Access,
    group: str,
    tracked: Mapping[tuple[str, int], int],
    known: Mapping[tuple[str, int], Checkpoint],
) -> dict[tuple[str, int], int]:
    """Commit, for each partition of `tracked` where `group` has no offset yet, the one to begin from.

    `known` are the relay's checkpoints, of partitions that have one. Returns the offsets committed. Another member that joined meanwhile has done it already.
    """
    member = AIOKafkaConsumer(**access.client(), group_id=group, enable_auto_commit=False)
    await member.start()
    try:
        partitions = [TopicPartition(topic, partition) for topic, partition in tracked]
        member.assign(partitions)
        fresh = [at for at in partitions if await member.committed(at) is None]
        wanted = {at: tracked[at.topic, at.partition] for at in fresh}
        starts = await _starts(access, wanted, known) if fresh else {}
        if starts:
            await member.commit({at: OffsetAndMetadata(offset, "") for at, offset in starts.items()})
    except (CommitFailedError, UnknownMemberIdError):
        log.info("group %s is already under way", group)
        return {}
    finally:
        await member.stop()
    return {(at.topic, at.partition): offset for at, offset in starts.items()}


async def _starts(
    access: Access, tracked: Mapping[TopicPartition, int], known: Mapping[tuple[str, int], Checkpoint]
) -> dict[TopicPartition, int]:
    consumer = reader(access)
    await consumer.start()
    try:
        beginnings = await consumer.beginning_offsets(list(tracked))
        ends = await consumer.end_offsets(list(tracked))
        starts = {}
        for at, position in tracked.items():

            async def position_at(offset: int, at: TopicPartition = at) -> int:
                return record_position(await read_at(consumer, at, offset)) or UNKNOWN

            low, high = between(position, beginnings[at], ends[at], known.get((at.topic, at.partition)))
            starts[at] = await first_above(position, low, high, position_at)
        return starts
    finally:
        await consumer.stop()
