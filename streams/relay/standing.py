"""What the broker holds of a partition, judged against what the relay knows it wrote. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

Partition = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Mark:
    """One record of a partition, by its offset and the position of its event."""

    offset: int
    position: int


NOTHING = Mark(-1, 0)
"""The mark of a partition in which nothing was written."""


@dataclass(frozen=True, slots=True)
class Held:
    """A record as the broker holds it: its mark, the position before it on its partition, and its event's id."""

    mark: Mark
    previous: int
    event_id: str


@dataclass(frozen=True, slots=True)
class Extent:
    """The offsets a partition has now: `begin <= offset < end`."""

    begin: int
    end: int


def is_lost(mark: Mark, extent: Extent, held: Held | None) -> bool:
    """Whether the record at `mark` was written and is no more what it was. `held` is what was read at its offset.

    Records that passed their retention time, below the beginning, are not lost.
    """
    if mark == NOTHING:
        return False
    if extent.end <= mark.offset:
        return True
    return extent.begin <= mark.offset and (held is None or held.mark != mark)


def scan_start(mark: Mark, extent: Extent, lost: bool, tail: int) -> int:
    """The offset from which to look for the last good record: after the mark, or, if that is lost or there is none
    to go by, the last `tail` records."""
    if lost or mark == NOTHING:
        return max(extent.begin, extent.end - tail)
    return max(extent.begin, mark.offset + 1)


def last_good(mark: Mark, lost: bool, start: int, records: Iterable[Held]) -> Mark:
    """The mark from which to go on, of `records` from `start` (see `scan_start`) on.

    A record out of the chain, written after a gap that nobody had noticed yet, is passed over, as readers do. Where
    there is nothing to go by and the records do not start with the partition, the first one is believed.
    """
    believed = not lost and mark != NOTHING
    good = mark if believed else NOTHING
    for record in records:
        if (not believed and start > 0) or record.previous <= good.position < record.mark.position:
            good = record.mark
        believed = True
    return good
