"""Compares what the broker holds with what the relay remembers, and says where to go on in every partition."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.log import EventLog
from streams.relay.probe import Probe
from streams.relay.standing import (
    NOTHING,
    Extent,
    Held,
    Mark,
    Partition,
    is_lost,
    last_good,
    scan_start,
)

TAIL = 2_000
"""Records looked at from the end of a partition whose mark is of no use."""


class NotOurs(Exception):
    """A record on an event topic was not written by a relay of this store. Nothing is written after it."""


@dataclass(frozen=True, slots=True)
class Survey:
    """Where every partition stands: its last good record, the offset the next one gets, and which lost any."""

    marks: dict[Partition, Mark]
    next_offsets: dict[Partition, int]
    lost: tuple[Partition, ...]


async def survey(probe: Probe, log: EventLog, remembered: Mapping[Partition, Mark]) -> Survey:
    """Look at every partition of `remembered`. Raises `NotOurs` if a topic belongs to another store."""
    await check_not_older(log, remembered)
    extents = await probe.extents(remembered)
    gone = await lost_now(probe, remembered, extents)
    marks: dict[Partition, Mark] = {}
    for at, mark in remembered.items():
        lost = at in gone
        start = scan_start(mark, extents[at], lost, TAIL)
        records = await probe.between(at, start, extents[at].end)
        marks[at] = last_good(mark, lost, start, records)
        if marks[at] == mark != NOTHING and not lost:
            await _check_remembered(probe, log, at, mark, extents[at])
        if marks[at] not in (mark, NOTHING):
            await _check_ours(log, at, next(record for record in records if record.mark == marks[at]))
        elif records and marks[at] == NOTHING:
            await _check_ours(log, at, records[0])
    return Survey(marks, {at: extent.end for at, extent in extents.items()}, tuple(gone))


async def check_not_older(log: EventLog, remembered: Mapping[Partition, Mark]) -> None:
    """Raises `NotOurs` if the store ends before what was published from it: it was restored from an older backup.

    Going on would give positions a second time, and readers would pass over what comes at them.
    """
    published = max((mark.position for mark in remembered.values()), default=0)
    if (head := await log.head()) < published:
        raise NotOurs(
            f"The event store ends at position {head}, but events up to {published} were published from it: it was"
            " restored from an older backup. `yeon rebuild everything` makes all else follow it."
        )


async def lost_now(
    probe: Probe, marks: Mapping[Partition, Mark], extents: Mapping[Partition, Extent]
) -> list[Partition]:
    """The partitions whose record at the mark is no more what was written."""
    there = {
        at: mark.offset
        for at, mark in marks.items()
        if mark != NOTHING and extents[at].begin <= mark.offset < extents[at].end
    }
    held = await probe.at(there)
    return [at for at, mark in marks.items() if is_lost(mark, extents[at], held.get(at))]


async def _check_remembered(probe: Probe, log: EventLog, at: Partition, mark: Mark, extent: Extent) -> None:
    """The record that was written last is still of an event of this store, at this position."""
    if extent.begin <= mark.offset < extent.end:
        held = (await probe.at({at: mark.offset})).get(at)
        if held is not None:
            await _check_ours(log, at, held)


async def _check_ours(log: EventLog, at: Partition, record: Held) -> None:
    events = await log.read(record.mark.position - 1, 1, upto=record.mark.position)
    if not events or events[0].event_id != record.event_id:
        topic, partition = at
        raise NotOurs(
            f"{topic}/{partition} holds event {record.event_id} at position {record.mark.position}, which this"
            " event store does not. If the topics belong to a store that is no more, delete them and start again."
        )
