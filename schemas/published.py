"""Every revision of every event's schema ever published, kept in files that are never changed.

A revision is what the schema says of records, without its prose. `python -m schemas` adds one when it changes.
"""

from pathlib import Path
from typing import Any

import orjson

from schemas.events import CATALOGUE
from schemas.json_schema import JsonObject, closed, schema_of

PUBLISHED = Path(__file__).parent / "published"

_PROSE = frozenset({"description", "title", "default"})


def current(type_name: str) -> JsonObject:
    """What the catalogue says of records of this type now."""
    said: JsonObject = _without_prose(closed(schema_of(CATALOGUE[type_name], "serialization")))
    return said


def revisions(type_name: str) -> dict[int, JsonObject]:
    """The published schemas of a type by revision, from 1."""
    return {int(path.stem): orjson.loads(path.read_bytes()) for path in PUBLISHED.glob(f"{type_name}/*.json")}


def new_revisions() -> dict[Path, bytes]:
    """The files of those revisions that are not published yet."""
    made = {}
    for type_name in CATALOGUE:
        known, now = revisions(type_name), current(type_name)
        if now != (known[max(known)] if known else None):
            path = PUBLISHED / type_name / f"{max(known, default=0) + 1}.json"
            made[path] = orjson.dumps(now, option=orjson.OPT_INDENT_2) + b"\n"
    return made


def _without_prose(schema: Any, *, names: bool = False) -> Any:
    """`schema` without its prose; with `names` the keys are names of fields, not keywords."""
    if isinstance(schema, list):
        return [_without_prose(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _without_prose(value, names=not names and key in ("properties", "$defs"))
        for key, value in schema.items()
        if names or key not in _PROSE
    }
