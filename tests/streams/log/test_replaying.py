"""Given a log, when it is replayed, then keys, order and headers are those of the live topics, which stay untouched."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from infra.kafka.access import Access
from infra.kafka.topics import bootstrap
from infra.settings import settings
from schemas.mapper import to_kafka
from schemas.topics import TOPICS
from streams.log.replay import NoSandbox, Pace, Sandbox, previous_positions
from streams.log.store import store
from tests.projections.history import History
from tests.streams.log.conftest import Yeon


def as_on_the_topic(told: History) -> list[dict[str, Any]]:
    found = []
    for received in told.received():
        key, value, headers = to_kafka(received.event, received.previous)
        found.append(
            {
                "topic": received.event.topic,
                "partition": received.event.partition,
                "key": key.decode(),
                "headers": {name: text.decode() for name, text in headers},
                "value": json.loads(value),
            }
        )
    return found


def test_lines_are_the_records_of_the_topics(yeon_log: Yeon, told: History, tmp_path: Path) -> None:
    to = tmp_path / "lines"

    result = yeon_log("replay", "--to", to)

    assert result.exit_code == 0
    assert [json.loads(line) for line in to.read_text().splitlines()] == as_on_the_topic(told)


def test_a_range_in_the_middle_keeps_the_chain_of_its_partitions(
    yeon_log: Yeon, told: History, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("streams.log.replay.LOOK_BACK", 7)
    to = tmp_path / "lines"

    yeon_log("replay", "--to", to, "--since", 60, "--until", 90)

    assert [json.loads(line) for line in to.read_text().splitlines()] == as_on_the_topic(told)[59:90]


def test_before_the_first_there_is_nothing(store_url: str) -> None:
    with store(store_url) as log:
        assert previous_positions(log, 1) == {}


async def _read(url: str, prefix: str, count: int) -> dict[tuple[str, int], list[Any]]:
    names = [f"{prefix}.{name}" for name in TOPICS]
    consumer = AIOKafkaConsumer(*names, bootstrap_servers=bootstrap(url), auto_offset_reset="earliest")
    await consumer.start()
    found: dict[tuple[str, int], list[Any]] = {}
    try:
        async with asyncio.timeout(60):
            while sum(map(len, found.values())) < count:
                for at, records in (await consumer.getmany(timeout_ms=200)).items():
                    found.setdefault((at.topic, at.partition), []).extend(records)
    finally:
        await consumer.stop()
    return found


async def test_a_sandbox_holds_what_the_live_topics_would(
    yeon_log: Yeon, told: History, own_broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YEON_KAFKA_URL", own_broker)
    settings.cache_clear()

    result = await asyncio.to_thread(yeon_log, "replay", "--to", "kafka:trial")

    assert result.exit_code == 0, result.output
    found = await _read(own_broker, "trial", len(told.events))
    expected = as_on_the_topic(told)
    for (topic, partition), records in found.items():
        mine = [r for r in expected if (f"trial.{r['topic']}", r["partition"]) == (topic, partition)]
        assert [{n: v.decode() for n, v in r.headers} for r in records] == [r["headers"] for r in mine]
        assert [r.key.decode() for r in records] == [r["key"] for r in mine]
        assert [json.loads(r.value) for r in records] == [r["value"] for r in mine]


@pytest.mark.parametrize("prefix", ["", "yeon", "Yeon", "a.b", "*"])
def test_no_prefix_leads_to_a_live_topic(prefix: str) -> None:
    with pytest.raises(NoSandbox, match="cannot be the prefix"):
        Sandbox(Access.at("kafka://127.0.0.1:1"), prefix)


async def test_at_ten_times_the_speed_a_minute_takes_six_seconds() -> None:
    clock, waited = 100.0, []

    async def sleep(seconds: float) -> None:
        nonlocal clock
        waited.append(seconds)
        clock += seconds

    pace = Pace(10, lambda: clock, sleep)
    start = datetime(2026, 3, 1, tzinfo=UTC)
    for second in (0, 60, 60, 90):
        await pace.wait(start + timedelta(seconds=second))

    assert waited == pytest.approx([6.0, 3.0])


async def test_without_a_speed_nothing_waits() -> None:
    async def sleep(_: float) -> None:
        raise AssertionError("it waited")

    pace = Pace(0, lambda: 0.0, sleep)
    for second in (0, 1_000):
        await pace.wait(datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=second))
