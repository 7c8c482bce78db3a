"""Whether records written by one schema can be read by another: closed when written, open when read.

Knows the part of JSON Schema that the catalogue is made of. What it does not know it calls a break, so that nothing
passes unseen.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from schemas.json_schema import JsonObject

NOISE = frozenset({"description", "title", "default", "additionalProperties", "$schema", "$id", "$defs"})
"""Keywords that say nothing about which records are taken."""
MARKS = frozenset({"x-personal", "x-impersonal"})
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems")
SAME = ("format", "pattern")
KNOWN = {"type", "properties", "required", "items", "anyOf", "enum", "const", "$ref", *UPPER, *LOWER, *SAME}


@dataclass(frozen=True, slots=True)
class Break:
    """One field that cannot be read, and why; `*` stands for each item of a list."""

    field: str
    reason: str


def breaks(written: JsonObject, read: JsonObject) -> list[Break]:
    """What in records written by `written` a reader of `read` cannot take. Both may have `$defs`."""
    return list(_compare(_Node(written, written), _Node(read, read), ""))


def incompatible(revisions: Mapping[int, JsonObject]) -> list[str]:
    """Every break between any two revisions of one event's schema, each as a sentence that says whom it breaks."""
    found = []
    for older, newer in combinations(sorted(revisions), 2):
        for broken in breaks(revisions[newer], revisions[older]):
            found.append(
                f"{broken.field}: records of revision {newer} break readers of revision {older}: {broken.reason}"
            )
        for broken in breaks(revisions[older], revisions[newer]):
            found.append(
                f"{broken.field}: readers of revision {newer} break on records of revision {older}: {broken.reason}"
            )
        found.extend(_lost(older, revisions[older], newer, revisions[newer]))
    return found


def _lost(older: int, before: JsonObject, newer: int, after: JsonObject) -> Iterable[str]:
    was, now = _fields(before), _fields(after)
    for field, owner in sorted(was.items()):
        if field not in now:
            yield f"{field}: revision {newer} leaves it out, and readers of revision {older} lose it"
        elif owner and now[field] != owner:
            yield f"{field}: revision {older} calls it words of {owner}, and revision {newer} no longer does"


class _Node:
    """A schema within the document that holds what it refers to, references followed."""

    def __init__(self, schema: JsonObject, document: JsonObject) -> None:
        while "$ref" in schema:
            schema = document["$defs"][schema["$ref"].removeprefix("#/$defs/")]
        self.schema = schema
        self.document = document

    def at(self, schema: JsonObject) -> "_Node":
        return _Node(schema, self.document)

    @property
    def options(self) -> list["_Node"]:
        return [self.at(option) for option in self.schema["anyOf"]] if "anyOf" in self.schema else [self]

    @property
    def values(self) -> list[Any] | None:
        """The values it is limited to, if it is."""
        if "const" in self.schema:
            return [self.schema["const"]]
        return self.schema.get("enum")


def _compare(written: _Node, read: _Node, place: str) -> Iterable[Break]:
    for option in written.options:
        attempts = [list(_one(option, accepting, place)) for accepting in read.options]
        if all(attempts):
            yield from min(attempts, key=len)


def _one(written: _Node, read: _Node, place: str) -> Iterable[Break]:
    w, r = written.schema, read.schema
    if unknown := (set(w) | set(r)) - KNOWN - NOISE - MARKS:
        yield Break(place, f"nobody knows how to compare {', '.join(sorted(unknown))}")
    elif (values := read.values) is not None:
        yield from _among(written.values, values, place)
    elif w.get("type") != r.get("type") and (w.get("type"), r.get("type")) != ("integer", "number"):
        yield Break(place, f"it is written as {w.get('type')}, and read as {r.get('type')}")
    else:
        yield from _limits(w, r, place)
        yield from _inside(written, read, place)


def _among(written: list[Any] | None, read: list[Any], place: str) -> Iterable[Break]:
    if written is None:
        yield Break(place, f"any value may be written, and only {_list(read)} are read")
    elif new := [value for value in written if value not in read]:
        yield Break(place, f"{_list(new)} may be written, and only {_list(read)} are read")


def _limits(w: JsonObject, r: JsonObject, place: str) -> Iterable[Break]:
    for keyword in (*UPPER, *LOWER, *SAME):
        if keyword not in r:
            continue
        limit, own = r[keyword], w.get(keyword)
        within = own is not None and (
            own <= limit if keyword in UPPER else own >= limit if keyword in LOWER else own == limit
        )
        if not within:
            yield Break(place, f"it is read with {keyword} {limit}, and written with {own}")


def _inside(written: _Node, read: _Node, place: str) -> Iterable[Break]:
    w, r = written.schema, read.schema
    if "items" in r:
        yield from _compare(written.at(w.get("items", {})), read.at(r["items"]), f"{place}/*")
    for name, field in r.get("properties", {}).items():
        if name in w.get("properties", {}):
            yield from _compare(written.at(w["properties"][name]), read.at(field), f"{place}/{name}")
        if name in r.get("required", ()) and name not in w.get("required", ()):
            yield Break(f"{place}/{name}", "it may be left out, and is read as always there")


def _fields(document: JsonObject) -> dict[str, str]:
    """The address of every field of a schema, with the field that names whose words it holds, or nothing."""

    def walk(node: _Node, place: str) -> Iterable[tuple[str, str]]:
        for option in node.options:
            if "items" in option.schema:
                yield from walk(option.at(option.schema["items"]), f"{place}/*")
            for name, field in option.schema.get("properties", {}).items():
                yield f"{place}/{name}", field.get("x-personal", "")
                yield from walk(option.at(field), f"{place}/{name}")

    return dict(walk(_Node(document, document), ""))


def _list(values: list[Any]) -> str:
    return ", ".join(str(value) for value in values)
