"""Events once published can be read for ever: a golden file per type and revision, in its stored and its Kafka form."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from schemas.envelope import Event
from schemas.events import CATALOGUE
from schemas.mapper import from_kafka, from_stored, to_kafka
from schemas.personal import personal_fields
from schemas.published import revisions

GOLDEN = Path(__file__).parent.parent / "golden"
FILES = sorted(GOLDEN.glob("*.json"))
SEALED_LATER = {
    f"yeon.question.{what}.v1": {"category"} for what in ("asked", "matched", "offered", "round_requested")
}
"""Fields that revision 1 of a type held readable in the store."""


def key_of(owner: UUID) -> bytes:
    """The key under which the golden files were sealed."""
    return sha256(owner.bytes).digest()


def stored_event(golden: dict[str, Any], keys: Callable[[UUID], bytes | None] = key_of) -> Event:
    state = orjson.dumps(golden["stored"])
    return from_stored(
        golden["position"], UUID(golden["streamId"]), golden["version"], golden["type"], state, keys
    )


def lost(before: Any, now: Any, place: str = "") -> list[str]:
    """Where `now` lacks something of `before`, or says something else. Fields only in `now` are no loss."""
    if isinstance(before, dict) and isinstance(now, dict):
        return [
            place_lost
            for name, value in before.items()
            for place_lost in (
                lost(value, now[name], f"{place}/{name}") if name in now else [f"{place}/{name}"]
            )
        ]
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        return [
            p for i, pair in enumerate(zip(before, now, strict=True)) for p in lost(*pair, f"{place}/{i}")
        ]
    return [] if before == now and type(before) is type(now) else [place]


def test_every_type_of_the_catalogue_has_a_golden_file() -> None:
    missing = set(CATALOGUE) - {path.stem for path in FILES}
    missing |= {
        f"{name} {n}" for name in CATALOGUE for n in revisions(name) if n > 1 and not _of(name, n).exists()
    }
    assert not missing, f"add samples to schemas/samples.py and run tests/golden/write.py: {missing}"


def test_no_published_type_has_left_the_catalogue() -> None:
    assert {orjson.loads(path.read_bytes())["type"] for path in FILES} <= set(CATALOGUE)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_golden_event_reads_the_same_for_ever(path: Path) -> None:
    golden = orjson.loads(path.read_bytes())
    headers = [(name, text.encode()) for name, text in golden["kafka"]["headers"].items()]

    received = from_kafka(orjson.dumps(golden["kafka"]["value"]), headers)
    stored = stored_event(golden)

    assert received.event == stored
    assert received.previous == golden["previous"]
    assert stored.type == golden["type"]
    assert path.stem.startswith(stored.type)
    now = orjson.loads(stored.data.model_dump_json(by_alias=True))
    assert lost(golden["kafka"]["value"], now) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_published_today_keeps_every_golden_header_and_key(path: Path) -> None:
    golden = orjson.loads(path.read_bytes())
    key, value, headers = to_kafka(stored_event(golden), golden["previous"])

    assert key.decode() == golden["kafka"]["key"]
    assert lost(golden["kafka"]["headers"], {name: text.decode() for name, text in headers}) == []
    assert lost(golden["kafka"]["value"], orjson.loads(value)) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_without_the_keys_no_personal_word_of_a_golden_event_is_left(path: Path) -> None:
    golden = orjson.loads(path.read_bytes())
    names = {field.name for field in personal_fields(CATALOGUE[golden["type"]])}
    words = set(_words(golden["kafka"]["value"], names - SEALED_LATER.get(path.stem, set())))

    blind = stored_event(golden, keys=lambda owner: None)

    text = orjson.dumps(golden["stored"]).decode() + blind.data.model_dump_json()
    assert not [word for word in words if word in text]


def _of(type_name: str, revision: int) -> Path:
    return GOLDEN / f"{type_name}.{revision}.json"


def _words(data: Any, names: set[str]) -> list[str]:
    """The texts of the fields called one of `names`, at any depth."""
    if isinstance(data, list):
        return [word for item in data for word in _words(item, names)]
    if not isinstance(data, dict):
        return []
    here = [value for name, value in data.items() if name in names and isinstance(value, str) and value]
    return here + [word for value in data.values() for word in _words(value, names)]
