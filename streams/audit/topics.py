"""Reads whole topics as any reader does, and compares what is in them with the store: count, hash, first difference."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from infra.kafka.access import Access
from infra.kafka.offsets import reader
from infra.log import EventLog, Place
from projections.comparing import Compared
from streams.audit.observed import Partition

PAGE = 5_000
WAIT_MS = 5_000


class Entry(NamedTuple):
    """An event by its position and id."""

    position: int
    event_id: str


def digest(entries: Iterable[Entry]) -> str:
    """A hash of positions and ids, in their order."""
    found = blake2b(digest_size=16)
    for entry in entries:
        found.update(b"%d %s\n" % (entry.position, entry.event_id.encode()))
    return found.hexdigest()


def first_difference(wanted: Sequence[Entry], held: Sequence[Entry]) -> tuple[int, str] | None:
    """The position of the first entry that is not the same in both, and what is wrong with it."""
    if (len(wanted), digest(wanted)) == (len(held), digest(held)):
        return None
    for one, other in zip(wanted, held, strict=False):
        if one.position < other.position:
            return one.position, f"lacks event {one.event_id}"
        if one.position > other.position:
            return other.position, f"holds event {other.event_id}, which the store does not"
        if one != other:
            return one.position, f"holds {other.event_id} instead of {one.event_id}"
    rest = (*wanted[len(held) :], *held[len(wanted) :])[0]
    return rest.position, f"lacks event {rest.event_id}" if len(wanted) > len(held) else "holds too much"


async def compare_topics(access: Access, store: EventLog, published: dict[Partition, int]) -> list[Compared]:
    """Every partition of `published` against the store, up to the position published there; one answer a topic.

    What passed its retention time is not missed.
    """
    held = await _read(access, published)
    wanted: dict[Partition, list[Entry]] = defaultdict(list)
    head = max(published.values(), default=0)
    for after in range(0, head, PAGE):
        for place in await store.places(after, min(after + PAGE, head)):
            at = (place.topic, place.partition)
            entries = held.get(at, [])
            begin = entries[0].position if entries else published.get(at, 0) + 1
            if begin <= place.position <= published.get(at, 0):
                wanted[at].append(Entry(place.position, place.event_id))
    found: dict[str, Compared] = {}
    for at in sorted(published):
        topic = at[0]
        before = found.get(topic, Compared(topic, 0, 0, None))
        difference = first_difference(wanted[at], held.get(at, []))
        if published[at] and at not in held:
            difference = (published[at], "holds nothing at all")
        position, detail = before.position, before.detail
        if difference is not None and (position is None or difference[0] < position):
            position, detail = difference[0], f"partition {at[1]} {difference[1]}"
        found[topic] = Compared(
            topic, before.wanted + len(wanted[at]), before.found + len(held.get(at, [])), position, detail
        )
    return list(found.values())


async def holds(access: Access, place: Place) -> bool:
    """Whether the partition of `place` has that event at that position, or nothing so old any more."""
    at = (place.topic, place.partition)
    entries = (await _read(access, {at: place.position})).get(at, [])
    return (
        not entries
        or entries[0].position > place.position
        or Entry(place.position, place.event_id) in entries
    )


async def _read(access: Access, published: dict[Partition, int]) -> dict[Partition, list[Entry]]:
    consumer = reader(access)
    await consumer.start()
    try:
        found = {}
        ends = await consumer.end_offsets([TopicPartition(*at) for at in published])
        for at, upto in published.items():
            if ends[
                TopicPartition(*at)
            ]:  # records that passed their retention time still count in the offsets
                found[at] = await _read_partition(consumer, TopicPartition(*at), upto)
        return found
    finally:
        await consumer.stop()


async def _read_partition(consumer: AIOKafkaConsumer, at: TopicPartition, upto: int) -> list[Entry]:
    """What readers take of a partition, who drop a position that is not above the highest they have seen."""
    begin = (await consumer.beginning_offsets([at]))[at]
    end = (await consumer.end_offsets([at]))[at]
    entries: list[Entry] = []
    highest = 0
    if begin >= end:
        return entries
    consumer.assign([at])
    consumer.seek(at, begin)
    next_offset = begin
    while next_offset < end:
        records = (await consumer.getmany(at, timeout_ms=WAIT_MS, max_records=PAGE)).get(at, [])
        if not records:
            break
        next_offset = records[-1].offset + 1
        for record in records:
            headers = dict(record.headers)
            position = int(headers.get("ce_position", b"0"))
            if highest < position <= upto:
                entries.append(Entry(position, headers["ce_id"].decode()))
                highest = position
    return entries
