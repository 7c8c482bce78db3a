"""Relay: events a second from the event store to Kafka, on parts of its own: the embedded broker, and a node of Apache
Kafka where its jars are (`make kafka-jars`). The relay is a process, as always; its start does not count."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import psycopg

from bench.long_log import seed
from bench.stack import say
from infra.embedded import Broker, Part, Postgres
from infra.embedded.child import with_parent
from infra.embedded.ports import any_free
from infra.kafka import topics
from infra.kafka.apache import JARS, ApacheKafka
from infra.postgres import pool as connect
from infra.postgres import prepare
from infra.settings import Settings

EVENTS = 100_000
WARM = 10_000
"""Events published before the clock runs."""


def _head(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT position FROM ops.relay_head").fetchone()
    return int(row[0]) if row else 0


def _relay(url: str, kafka: str, directory: Path, embedded: bool) -> dict[str, Any]:
    environment = {
        **os.environ,
        "YEON_POSTGRES_URL": url,
        "YEON_KAFKA_URL": kafka,
        "YEON_DATA_DIR": str(directory),
        "YEON_EMBEDDED_BROKER": str(embedded).lower(),
    }
    with (directory / "relay.log").open("wb") as log:
        process = subprocess.Popen(
            with_parent([sys.executable, "-m", "streams", "relay"]), env=environment, stderr=log
        )
    cost = psutil.Process(process.pid)
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            while (first := _head(connection)) < WARM:
                if process.poll() is not None:
                    raise SystemExit((directory / "relay.log").read_text())
                time.sleep(0.002)
            began, spent = time.perf_counter(), sum(cost.cpu_times()[:2])
            while _head(connection) < EVENTS:
                time.sleep(0.002)
            seconds, own = time.perf_counter() - began, sum(cost.cpu_times()[:2]) - spent
        memory = cost.memory_info().rss
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    return {
        "events": EVENTS - first,
        "seconds": round(seconds, 2),
        "events_per_second": round((EVENTS - first) / seconds),
        "own_cpu_seconds": round(own, 2),
        "memory_mb": round(memory / 1e6, 1),
    }


async def _measure(kind: type[Part], directory: Path, postgres: Postgres) -> None:
    kafka = kind(directory / "kafka", any_free(), directory / "kafka.log")
    kafka.start()
    try:
        embedded = kind is Broker
        settings = Settings(
            postgres_url=postgres.url, kafka_url=kafka.url, data_dir=directory, embedded_broker=embedded
        )
        await topics.prepare(settings)
        found = await asyncio.to_thread(_relay, postgres.url, kafka.url, directory, embedded)
        say("relay", broker="embedded" if embedded else "apache", **found)
    finally:
        kafka.stop()


async def main() -> None:
    kinds: list[type[Part]] = [Broker, *([ApacheKafka] if JARS.is_dir() else [])]
    for kind in kinds:
        with tempfile.TemporaryDirectory(prefix="yeon-bench-") as found:
            directory = Path(found)
            postgres = Postgres(directory / "postgres", any_free(), directory / "postgres.log")
            postgres.start()
            try:
                prepare(postgres.url)
                async with connect(postgres.url, "bench") as pool, pool.connection() as connection:
                    await seed(connection, EVENTS)
                await _measure(kind, directory, postgres)
            finally:
                postgres.stop()
