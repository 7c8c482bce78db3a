"""What an export holds: its segments with ranges, counts, hashes and the schemas of their events, in `manifest.json`.

Written anew after each segment, so that an export that was cut goes on behind its last whole one. Without clock or
machine in it: the same segments give the same manifest.
"""

import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from streams.log.export.segment import File, Segment, described

NAME = "manifest.json"
FORMAT = 1
SEGMENT = 100_000
"""Positions in a segment: the first holds 1 to 100,000. Fixed, so that exports made anywhere can be compared."""


class ManifestUnusable(Exception):
    """The directory holds no export, or not one of this format; the message is a sentence for a person."""


@dataclass(slots=True)
class Manifest:
    """The segments of an export by their first position, in order."""

    segments: list[Segment] = field(default_factory=list)

    def covers(self, first: int, last: int, *, sealed: bool) -> bool:
        """Whether there is a segment of exactly this range, with sealed words if they are wanted."""
        return any(
            one.first == first and one.last == last and (one.sealed is not None or not sealed)
            for one in self.segments
        )

    def add(self, segment: Segment) -> list[Segment]:
        """Takes a segment in; returns those that it replaces, which are shorter ones of its range."""
        replaced = [one for one in self.segments if segment.first <= one.last and one.first <= segment.last]
        kept = [one for one in self.segments if one not in replaced]
        self.segments = sorted([*kept, segment], key=lambda one: one.first)
        return replaced

    @property
    def last(self) -> int:
        """The last position exported, 0 for none."""
        return self.segments[-1].last if self.segments else 0

    @property
    def count(self) -> int:
        return sum(one.count for one in self.segments)

    def as_json(self) -> dict[str, Any]:
        """The manifest as it is written."""
        types = sorted({name for one in self.segments for name in one.types})
        return {
            "format": FORMAT,
            "segmentPositions": SEGMENT,
            "first": self.segments[0].first if self.segments else 0,
            "last": self.last,
            "count": self.count,
            "schemas": {name: f"/schemas/events/{name}.json" for name in types},
            "segments": [asdict(one) for one in self.segments],
        }


def read(directory: Path) -> Manifest:
    """The manifest of `directory`, an empty one if there is none. Raises `ManifestUnusable`."""
    try:
        found = orjson.loads((directory / NAME).read_bytes())
    except FileNotFoundError:
        return Manifest()
    except ValueError as error:
        raise ManifestUnusable(f"{directory / NAME} is no JSON ({error}); move it away.") from error
    if found.get("format") != FORMAT or found.get("segmentPositions") != SEGMENT:
        raise ManifestUnusable(f"{directory / NAME} is of another format; export to another directory.")
    return Manifest([_segment(one) for one in found["segments"]])


def must_read(directory: Path) -> Manifest:
    """As `read`, but an export must be there."""
    manifest = read(directory)
    if not manifest.segments:
        raise ManifestUnusable(f"{directory} holds no export: run `yeon log export --out {directory}` first.")
    return manifest


def write(directory: Path, manifest: Manifest) -> None:
    """Puts the manifest in its place whole."""
    part = directory / f".{NAME}.part"
    with part.open("wb") as file:
        file.write(orjson.dumps(manifest.as_json(), option=orjson.OPT_INDENT_2) + b"\n")
        os.fsync(file.fileno())
    part.replace(directory / NAME)


def faults(directory: Path, manifest: Manifest) -> list[str]:
    """What is wrong with the files of an export, a sentence each: missing, changed, or a range that is not there."""
    found = []
    for before, after in zip(manifest.segments, manifest.segments[1:], strict=False):
        if after.first != before.last + 1:
            found.append(f"positions {before.last + 1} to {after.first - 1} are not exported")
    for file in (file for one in manifest.segments for file in (one.events, one.sealed) if file is not None):
        path = directory / file.name
        if not path.exists():
            found.append(f"{file.name} is missing")
        elif described(path) != file:
            found.append(f"{file.name} is not what was exported: its SHA-256 differs")
    return found


def _segment(found: dict[str, Any]) -> Segment:
    sealed = found["sealed"]
    files = {"events": File(**found["events"]), "sealed": File(**sealed) if sealed else None}
    return Segment(**{**found, **files})
