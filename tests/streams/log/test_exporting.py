"""Given a store, when it is exported, then the files hold every event, are the same wherever they are made, and hold no
word of a person in clear."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import psycopg
import pyarrow.parquet as pq
import pytest

from infra.kafka import topics
from infra.kafka.access import Access
from infra.kafka.producer import Producer
from infra.settings import Settings, settings
from schemas.mapper import from_stored, to_kafka
from streams.log.export import manifest as manifests
from streams.log.export import run
from streams.log.export.record import Record, Sealed, to_row
from streams.log.export.run import FromStore, LogIncomplete, export
from streams.log.store import store
from tests.projections.history import History
from tests.streams.log.conftest import Yeon


@pytest.fixture
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "SEGMENT", 40)
    monkeypatch.setattr(run, "ROWS", 7)
    monkeypatch.setattr("streams.log.export.segment.GROUP", 15)


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}


def rows_of(directory: Path, kind: str) -> list[dict[str, Any]]:
    files = sorted(directory.glob(f"{kind}-*.parquet"))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def test_every_event_comes_back_from_an_export_with_the_keys(
    yeon_log: Yeon, told: History, store_url: str, tmp_path: Path, small_segments: None
) -> None:
    result = yeon_log("export", "--out", tmp_path, "--json")

    assert json.loads(result.output)["count"] == len(told.events)
    boxes: dict[int, list[Sealed]] = {}
    for row in rows_of(tmp_path, "sealed"):
        boxes.setdefault(row["position"], []).append(Sealed(**row))
    back = []
    for row in rows_of(tmp_path, "events"):
        at = row["time"].isoformat().replace("+00:00", "Z")
        stored = to_row(Record(**{**row, "time": at}), boxes.get(row["position"], []))
        back.append(from_stored(*stored, lambda user: user.bytes * 2))
    assert back == told.events


def test_no_word_of_a_person_stands_in_clear(yeon_log: Yeon, tmp_path: Path) -> None:
    yeon_log("export", "--out", tmp_path)

    text = json.dumps(
        [rows_of(tmp_path, "events"), rows_of(tmp_path, "sealed")], default=str, ensure_ascii=False
    )
    for words in ("안녕하세요", "반갑습니다", "묻는 이", "전문가 1", "파이썬", "고마워요"):
        assert words not in text


def test_made_again_or_elsewhere_it_is_the_same_to_the_byte(
    yeon_log: Yeon, tmp_path: Path, small_segments: None
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for directory in (here, here, there):
        assert yeon_log("export", "--out", directory).exit_code == 0

    assert contents(here) == contents(there)
    assert len(contents(here)) == 2 * len(manifests.read(here).segments) + 1


def test_only_what_is_new_is_written(
    store_url: str, told: History, tmp_path: Path, small_segments: None
) -> None:
    whole, last = tmp_path / "whole", len(told.events)
    with store(store_url) as log:
        export(FromStore(log), tmp_path / "grown", 1, 50)
        before = contents(tmp_path / "grown")
        advanced: list[int] = []
        manifest, written = export(FromStore(log), tmp_path / "grown", 1, last, advanced.append)
        export(FromStore(log), whole, 1, last)

    assert [one.first for one in written] == list(range(41, last + 1, 40))
    assert sum(advanced) == last == manifest.count
    assert contents(tmp_path / "grown") == contents(whole)
    kept = "events-000000000001-000000000040.parquet"
    assert contents(whole)[kept] == before[kept]
    assert "events-000000000041-000000000050.parquet" in before
    assert "events-000000000041-000000000050.parquet" not in contents(whole)


def test_an_export_that_was_cut_goes_on_behind_its_last_segment(
    store_url: str, told: History, tmp_path: Path, small_segments: None
) -> None:
    cut, whole, last = tmp_path / "cut", tmp_path / "whole", len(told.events)

    class CutOff(Exception):
        pass

    def until_then(done: int) -> None:
        nonlocal left
        left -= done
        if left < 0:
            raise CutOff

    left = 90
    with store(store_url) as log:
        with pytest.raises(CutOff):
            export(FromStore(log), cut, 1, last, until_then)
        half = manifests.read(cut)
        _, written = export(FromStore(log), cut, 1, last)
        export(FromStore(log), whole, 1, last)

    assert half.last == 80
    assert written[0].first == 81
    assert contents(cut) == contents(whole)


def test_a_range_of_positions_alone(yeon_log: Yeon, tmp_path: Path) -> None:
    yeon_log("export", "--out", tmp_path, "--since", 10, "--until", 19)

    assert [row["position"] for row in rows_of(tmp_path, "events")] == list(range(10, 20))


def test_the_manifest_names_schemas_and_hashes(yeon_log: Yeon, told: History, tmp_path: Path) -> None:
    yeon_log("export", "--out", tmp_path)

    found = orjson.loads((tmp_path / "manifest.json").read_bytes())
    assert found["schemas"]["yeon.room.opened.v1"] == "/schemas/events/yeon.room.opened.v1.json"
    assert set(found["schemas"]) == {event.type for event in told.events}
    assert sum(found["segments"][0]["types"].values()) == len(told.events)
    assert yeon_log("verify", tmp_path).exit_code == 0


def test_a_changed_or_missing_file_is_found_out(yeon_log: Yeon, tmp_path: Path, small_segments: None) -> None:
    yeon_log("export", "--out", tmp_path)
    names = [path.name for path in sorted(tmp_path.glob("events-*"))]
    (tmp_path / names[0]).write_bytes(b"PAR1")
    (tmp_path / names[1]).unlink()

    result = yeon_log("verify", tmp_path)

    assert result.exit_code == 1
    assert f"{names[0]} is not what was exported" in result.output
    assert f"{names[1]} is missing" in result.output


def test_a_hole_in_the_source_is_no_export(store_url: str, told: History, tmp_path: Path) -> None:
    with (
        store(store_url) as log,
        pytest.raises(LogIncomplete, match=f"position {len(told.events) + 1} is not"),
    ):
        export(FromStore(log), tmp_path, 1, len(told.events) + 5)

    assert contents(tmp_path) == {}


def test_an_event_with_spoilt_bytes_keeps_its_place(
    fresh_database: Callable[[], str], tmp_path: Path
) -> None:
    url = fresh_database()
    with psycopg.connect(url) as connection:
        values = (UUID(int=7), 1, "yeon.question.asked.v1", b"\xff no json", 1)
        connection.execute("INSERT INTO store.stored_events VALUES (%s, %s, %s, %s, %s)", values)
    with store(url) as log:
        export(FromStore(log), tmp_path, 1, 1)

    (row,) = rows_of(tmp_path, "events")
    assert (row["position"], row["type"], row["data"], row["time"]) == (
        1,
        "yeon.question.asked.v1",
        None,
        None,
    )


async def _publish(told: History, url: str) -> None:
    await topics.prepare(Settings(kafka_url=url))
    producer = Producer(Access.at(url))
    await producer.start()
    try:
        for received in told.received():
            batch = producer.batch()
            key, value, headers = to_kafka(received.event, received.previous)
            batch.append(timestamp=None, key=key, value=value, headers=headers)
            await producer.send({(received.event.topic, received.event.partition): batch})
    finally:
        await producer.close()


def test_events_from_kafka_are_the_same_to_the_byte(
    yeon_log: Yeon,
    told: History,
    own_broker: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    small_segments: None,
) -> None:
    import asyncio

    asyncio.run(_publish(told, own_broker))
    asyncio.run(_publish(told, own_broker))  # as a relay repeats itself after a restart
    monkeypatch.setenv("YEON_KAFKA_URL", own_broker)
    settings.cache_clear()

    from_kafka = yeon_log("export", "--from", "kafka", "--out", tmp_path / "kafka")
    yeon_log("export", "--out", tmp_path / "store")

    assert from_kafka.exit_code == 0, from_kafka.output
    kafka, stored = contents(tmp_path / "kafka"), contents(tmp_path / "store")
    assert {k: v for k, v in kafka.items() if "manifest" not in k} == {
        k: v for k, v in stored.items() if "events" in k
    }


def test_an_export_of_another_format_is_left_alone(yeon_log: Yeon, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"format": 99}')

    result = yeon_log("export", "--out", tmp_path)

    assert result.exit_code == 1
    assert "another format" in result.output
    shutil.rmtree(tmp_path)
