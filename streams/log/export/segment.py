"""One segment of an export: a Parquet file of events, and beside it one of sealed words.

Written row group by row group, so that memory does not grow with the segment; the same records give the same bytes with
the same release of Arrow, which is pinned. A file appears under its name only when it is whole.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from streams.log.export.record import Record, Sealed

GROUP = 20_000
"""Events in a row group."""
TIME = pa.timestamp("us", tz="UTC")
EVENTS = pa.schema(
    [
        pa.field("position", pa.int64(), nullable=False),
        pa.field("time", TIME),
        pa.field("topic", pa.string(), nullable=False),
        pa.field("type", pa.string(), nullable=False),
        pa.field("aggregate", pa.string(), nullable=False),
        pa.field("version", pa.int64(), nullable=False),
        pa.field("key", pa.string(), nullable=False),
        *(
            pa.field(name, pa.string())
            for name in (
                "question",
                "actor",
                "command",
                "correlation",
                "causation",
                "traceparent",
                "data",
            )
        ),
    ]
)
SEALED = pa.schema(
    [
        pa.field("position", pa.int64(), nullable=False),
        pa.field("person", pa.string(), nullable=False),
        pa.field("box", pa.string(), nullable=False),
    ]
)
_REPEATED = ["topic", "type", "aggregate", "key", "question", "actor", "traceparent"]


@dataclass(frozen=True, slots=True)
class File:
    """A file of a segment: its name, size in bytes and SHA-256 in hexadecimal."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Segment:
    """The events with `first <= position <= last`."""

    first: int
    last: int
    count: int
    types: dict[str, int]
    """How many there are of each event type, whose name ends with the version of its schema."""
    events: File
    sealed: File | None
    """None if it was made from Kafka, where nothing is sealed."""


class _Writer:
    """A Parquet file in the making, and its temporary name."""

    def __init__(self, path: Path, schema: pa.Schema, repeated: Sequence[str]) -> None:
        self._path = path
        self._part = path.with_name(f".{path.name}.part")
        self._schema = schema
        self._writer = pq.ParquetWriter(
            self._part, schema, compression="zstd", use_dictionary=list(repeated), store_schema=False
        )

    def write(self, rows: Sequence[tuple[Any, ...]]) -> None:
        columns = zip(*rows, strict=True)
        arrays = [_array(values, field.type) for values, field in zip(columns, self._schema, strict=True)]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema), row_group_size=len(rows))

    def finish(self) -> File:
        self._writer.close()
        with self._part.open("rb+") as file:
            os.fsync(file.fileno())
        self._part.replace(self._path)
        return described(self._path)

    def give_up(self) -> None:
        self._writer.close()
        self._part.unlink(missing_ok=True)


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if kind == TIME:
        return pa.array(values, pa.string()).cast(TIME)
    return pa.array(values, kind)


def described(path: Path) -> File:
    """A file as it is now."""
    with path.open("rb") as file:
        return File(path.name, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def file_names(first: int, last: int) -> tuple[str, str]:
    """The names of the events' file and the sealed words' file of a segment."""
    place = f"{first:012d}-{last:012d}"
    return f"events-{place}.parquet", f"sealed-{place}.parquet"


def write_segment(
    directory: Path,
    first: int,
    last: int,
    records: Iterable[tuple[Record, list[Sealed]]],
    *,
    sealed_too: bool = True,
) -> Segment:
    """Writes the segment of `records`, which are its events in order. On any failure nothing is left of it."""
    events_name, sealed_name = file_names(first, last)
    events = _Writer(directory / events_name, EVENTS, _REPEATED)
    sealed = _Writer(directory / sealed_name, SEALED, ["person"]) if sealed_too else None
    types: Counter[str] = Counter()
    rows: list[Record] = []
    boxes: list[Sealed] = []

    def write() -> None:
        types.update(row.type for row in rows)
        events.write(rows)
        if sealed is not None and boxes:
            sealed.write(boxes)
        rows.clear()
        boxes.clear()

    try:
        for record, found in records:
            rows.append(record)
            boxes += found
            if len(rows) == GROUP:
                write()
        if rows:
            write()
        sealed_file = sealed.finish() if sealed is not None else None
        events_file = events.finish()
    except BaseException:
        for writer in (events, sealed):
            if writer is not None:
                writer.give_up()
        raise
    return Segment(first, last, types.total(), dict(sorted(types.items())), events_file, sealed_file)
