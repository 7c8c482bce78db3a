"""No event ever published stops being readable, and nobody who ever read our events stops being able to."""

import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from schemas.compatibility import incompatible
from schemas.events import CATALOGUE
from schemas.json_schema import JsonObject
from schemas.published import PUBLISHED, current, revisions

ROOT = Path(__file__).parent.parent.parent
GOLDEN = ROOT / "tests" / "golden"


def opened(schema: Any) -> Any:
    """As a reader has it, who passes over fields that are not known."""
    if isinstance(schema, list):
        return [opened(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: opened(value) for key, value in schema.items() if key != "additionalProperties"}


@cache
def readers(type_name: str) -> dict[int, Draft202012Validator]:
    return {n: Draft202012Validator(opened(schema)) for n, schema in revisions(type_name).items()}


GOLDENS: dict[str, JsonObject] = {
    path.stem: orjson.loads(path.read_bytes()) for path in sorted(GOLDEN.glob("*.json"))
}


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_all_revisions_of_a_type_read_each_other(name: str) -> None:
    published, newest = revisions(name), current(name)
    latest = max(published)
    # First which field breaks whom, before anybody is told to write the revision down.
    asked = published if published[latest] == newest else published | {latest + 1: newest}
    assert incompatible(asked) == [], "\n".join(["", *map(str, incompatible(asked))])
    assert published[latest] == newest, "run python -m schemas"


def test_no_published_type_and_no_revision_has_gone() -> None:
    assert {path.name for path in PUBLISHED.iterdir()} == set(CATALOGUE)
    for name in CATALOGUE:
        assert sorted(revisions(name)) == list(range(1, len(revisions(name)) + 1))


@pytest.mark.parametrize("file", GOLDENS)
def test_every_reader_there_ever_was_reads_every_golden_record(file: str) -> None:
    golden = GOLDENS[file]
    for number, reader in readers(golden["type"]).items():
        faults = [
            f"/{'/'.join(map(str, e.path))}: {e.message}"
            for e in reader.iter_errors(golden["kafka"]["value"])
        ]
        assert not faults, f"{file} breaks readers of revision {number} of {golden['type']}: {faults}"


def test_no_golden_file_and_no_revision_was_ever_changed_after_it_was_committed() -> None:
    asked = ["git", "log", "--diff-filter=MDT", "--no-renames", "--format=", "--name-only", "--"]
    paths = ["tests/golden/*.json", "schemas/published/*/*.json"]
    done = subprocess.run([*asked, *paths], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("this is no git checkout, so there is no history to look at")
    assert done.stdout.split() == []


def an_object(required: tuple[str, ...] = (), **properties: JsonObject) -> JsonObject:
    return {"type": "object", "properties": properties, "required": list(required)}


TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
URGENCY = {"type": "string", "enum": ["low", "high"]}
WIDER = {"type": "string", "enum": ["low", "high", "critical"]}

CHANGES = {
    "a field that older records lack": (
        an_object(("id",), id=TEXT),
        an_object(("id", "why"), id=TEXT, why=TEXT),
        [
            "/why: readers of revision 2 break on records of revision 1: it may be left out, and is read as always there"
        ],
    ),
    "a field that readers wait for": (
        an_object(("id", "why"), id=TEXT, why=TEXT),
        an_object(("id",), id=TEXT, why=TEXT),
        [
            "/why: records of revision 2 break readers of revision 1: it may be left out, and is read as always there"
        ],
    ),
    "a field that is gone": (
        an_object(id=TEXT, why=TEXT),
        an_object(id=TEXT),
        ["/why: revision 2 leaves it out, and readers of revision 1 lose it"],
    ),
    "another type": (
        an_object(count=TEXT),
        an_object(count=NUMBER),
        [
            "/count: records of revision 2 break readers of revision 1: it is written as integer, and read as string",
            "/count: readers of revision 2 break on records of revision 1: it is written as string, and read as integer",
        ],
    ),
    "a value that readers do not know": (
        an_object(urgency=URGENCY),
        an_object(urgency=WIDER),
        [
            "/urgency: records of revision 2 break readers of revision 1: critical may be written, and only low, high"
            " are read"
        ],
    ),
    "a value that may be null now": (
        an_object(why=TEXT),
        an_object(why={"anyOf": [TEXT, {"type": "null"}]}),
        [
            "/why: records of revision 2 break readers of revision 1: it is written as null, and read as string"
        ],
    ),
    "deep in a list": (
        an_object(offers={"type": "array", "items": an_object(round=NUMBER)}),
        an_object(offers={"type": "array", "items": an_object(round=TEXT)}),
        [
            "/offers/*/round: records of revision 2 break readers of revision 1: it is written as string, and read as"
            " integer",
            "/offers/*/round: readers of revision 2 break on records of revision 1: it is written as integer, and read"
            " as string",
        ],
    ),
    "a tighter limit": (
        an_object(stars={"type": "integer", "maximum": 10}),
        an_object(stars={"type": "integer", "maximum": 5}),
        [
            "/stars: readers of revision 2 break on records of revision 1: it is read with maximum 5, and written with"
            " 10"
        ],
    ),
    "words that are nobody's any more": (
        an_object(name=TEXT | {"x-personal": "userId"}),
        an_object(name=TEXT),
        ["/name: revision 1 calls it words of userId, and revision 2 no longer does"],
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_breaking_change_is_told_with_the_field_and_whom_it_breaks(change: str) -> None:
    before, after, told = CHANGES[change]
    assert incompatible({1: before, 2: after}) == told


def test_a_change_is_held_against_every_revision_and_not_only_the_last() -> None:
    first, second, third = an_object(why=NUMBER), an_object(), an_object(why=TEXT)
    told = incompatible({1: first, 2: second, 3: third})
    assert any(
        sentence.startswith("/why: records of revision 3 break readers of revision 1") for sentence in told
    )


def test_what_nobody_knows_how_to_compare_does_not_pass() -> None:
    schema = an_object(why={"type": "string", "contentEncoding": "base64"})
    assert "nobody knows how to compare contentEncoding" in incompatible({1: schema, 2: schema})[0]
