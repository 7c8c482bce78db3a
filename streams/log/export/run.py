"""Exports a range of positions, segment by segment, skipping those that are there already."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Protocol

from streams.log.export import manifest as manifests
from streams.log.export.manifest import SEGMENT, Manifest
from streams.log.export.record import Record, Sealed, of_store
from streams.log.export.segment import Segment, write_segment
from streams.log.filters import Wanted
from streams.log.store import Store

Exported = tuple[Record, list[Sealed]]
ROWS = 5_000
"""Rows of the store held at once."""


class LogIncomplete(Exception):
    """The source does not hold every event of the range; the message is a sentence for a person."""


class Source(Protocol):
    """Where events are exported from."""

    SEALED: bool
    """Whether personal words come sealed, or not at all."""

    def read(self, first: int, last: int) -> Iterable[Exported]:
        """The events of these positions, in order, each once. Raises `LogIncomplete` if one is not there."""
        ...


class FromStore:
    """The event store as a source."""

    SEALED = True

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, first: int, last: int) -> Iterator[Exported]:
        pages = self._store.pages(Wanted(since=first, until=last), page=ROWS)
        return gapless(map(of_store, chain.from_iterable(pages)), first, last)


def gapless(records: Iterable[Exported], first: int, last: int) -> Iterator[Exported]:
    """`records`, which must be those of `first` to `last` without a gap. Raises `LogIncomplete`."""
    expected = first
    for one in islice(records, last - first + 1):
        if one[0].position != expected:
            break
        yield one
        expected += 1
    if expected <= last:
        raise LogIncomplete(f"The event at position {expected} is not there.")


def ranges(first: int, last: int) -> Iterator[tuple[int, int]]:
    """`first` to `last`, cut where segments end."""
    while first <= last:
        end = min(last, (first - 1) // SEGMENT * SEGMENT + SEGMENT)
        yield first, end
        first = end + 1


def export(
    source: Source,
    directory: Path,
    first: int,
    last: int,
    advanced: Callable[[int], None] = lambda _: None,
) -> tuple[Manifest, list[Segment]]:
    """Exports the positions `first` to `last`; the manifest, and the segments that were written now.

    `advanced` is told how many events were dealt with since the last call. A segment that was cut short by the end of
    the log is replaced once there is more; a whole one never changes.
    """
    directory.mkdir(parents=True, exist_ok=True)
    manifest = manifests.read(directory)
    written = []
    for start, end in ranges(first, last):
        if manifest.covers(start, end, sealed=source.SEALED) or _inside(manifest, start, end):
            advanced(end - start + 1)
            continue
        records = _counted(source.read(start, end), advanced)
        segment = write_segment(directory, start, end, records, sealed_too=source.SEALED)
        replaced = manifest.add(segment)
        manifests.write(directory, manifest)
        _remove(directory, replaced, segment)
        written.append(segment)
    return manifest, written


def _inside(manifest: Manifest, first: int, last: int) -> bool:
    return any(one.first <= first and last <= one.last for one in manifest.segments)


def _counted(records: Iterable[Exported], advanced: Callable[[int], None]) -> Iterator[Exported]:
    count = 0
    for count, record in enumerate(records, 1):
        yield record
        if count % ROWS == 0:
            advanced(ROWS)
    advanced(count % ROWS)


def _remove(directory: Path, replaced: Iterable[Segment], by: Segment) -> None:
    kept = {file.name for file in (by.events, by.sealed) if file is not None}
    for one in replaced:
        for file in (one.events, one.sealed):
            if file is not None and file.name not in kept:
                (directory / file.name).unlink(missing_ok=True)
