"""The chain guard: what is to be applied of records as they came from Kafka, whatever Kafka did to them.

Every record names the event before it on its partition. Against the positions a consumer has tracked, each record is
dropped (seen), applied (next in the chain), or applied after the range that is missing before it has been read from
the store. Whatever is dropped, repeated or published again by the broker or the relay, the events of a partition
come out exactly once and in order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.envelope import Event, Received


@dataclass(frozen=True, slots=True)
class Broken:
    """A record that cannot be read as an event. The store has the event that stood at its position."""

    topic: str
    partition: int
    position: int | None
    """None if not even its position can be read: then everything up to the head of the store is suspect."""
    reason: str


@dataclass(frozen=True, slots=True)
class Passing:
    """An event of a type the consumer does not read: only its place in the chain counts."""

    topic: str
    partition: int
    position: int
    previous: int


Record = Received | Broken | Passing


@dataclass(frozen=True, slots=True)
class Apply:
    """Apply this event, which is next on its partition."""

    event: Event


@dataclass(frozen=True, slots=True)
class Fill:
    """Read from the store, and apply, the partition's events with `after < position <= upto`."""

    topic: str
    partition: int
    after: int
    upto: int


class PartitionLog(Protocol):
    """What the guard needs of `infra.log.EventLog`."""

    async def read_partition(self, topic: str, partition: int, after: int, upto: int) -> Sequence[Event]:
        """The partition's events with `after < position <= upto`, in order."""
        ...

    async def head(self) -> int:
        """The position of the last event in the store."""
        ...


def plan(positions: Mapping[tuple[str, int], int], batch: Iterable[Record], head: int) -> list[Apply | Fill]:
    """The steps that bring a consumer from `positions` (0 where absent) past `batch`. What was seen is left out.

    `head` stands in for the position of records that do not tell theirs.
    """
    reached = dict(positions)
    steps: list[Apply | Fill] = []
    for record in batch:
        if isinstance(record, Broken):
            at = (record.topic, record.partition)
            position = head if record.position is None else record.position
            if (after := reached.get(at, 0)) < position:
                steps.append(Fill(*at, after, position))
                reached[at] = position
            continue
        if isinstance(record, Passing):
            at = (record.topic, record.partition)
            if (after := reached.get(at, 0)) < record.position:
                if after < record.previous:
                    steps.append(Fill(*at, after, record.previous))
                reached[at] = record.position
            continue
        event = record.event
        at = (event.topic, event.partition)
        if (after := reached.get(at, 0)) >= event.position:
            continue
        if after < record.previous:
            steps.append(Fill(*at, after, record.previous))
        steps.append(Apply(event))
        reached[at] = event.position
    return steps


async def in_order(
    positions: Mapping[tuple[str, int], int], batch: Sequence[Record], log: PartitionLog
) -> list[Event]:
    """The events that come after `positions`, in order per partition, with everything missing read from `log`."""
    unplaced = any(isinstance(record, Broken) and record.position is None for record in batch)
    events: list[Event] = []
    for step in plan(positions, batch, await log.head() if unplaced else 0):
        if isinstance(step, Apply):
            events.append(step.event)
        else:
            events += await log.read_partition(step.topic, step.partition, step.after, step.upto)
    return events
