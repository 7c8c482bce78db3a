"""Three Apache Kafka brokers, replication 3, two in-sync replicas at least, and every part killed, frozen or cut off
while people talk: nothing acknowledged is lost, nothing is twice, every view is what one built anew is.

Short and seeded in `make test-kafka`; `make soak` goes on for as many faults as `YEON_SOAK_FAULTS` says.

Servers are started from the test's own thread, since a child ends with the thread that started it.
"""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psycopg
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from psycopg import sql

from infra.embedded import PartFailed, Postgres, Valkey
from infra.embedded.ports import any_free
from infra.kafka import topics
from infra.kafka.cluster import KafkaCluster
from infra.postgres import prepare
from schemas.topics import TOPICS
from tests.faults.conftest import Roles
from tests.faults.loading import Talk, applied, assert_nothing_lost, query, talking

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(3_600)]

SEED = int(os.environ.get("YEON_SOAK_SEED", "1"))
FAULTS = int(os.environ.get("YEON_SOAK_FAULTS", "0"))
RECOVERY_SECONDS = 90.0
"""Within which events flow again after any fault is over, without a human."""
RELAY, WORKER = ("streams", "relay"), ("streams", "worker")


@dataclass
class Site:
    """Everything there is, in the hands of a test."""

    kafka: KafkaCluster
    postgres: Postgres
    valkey: Valkey
    roles: Roles
    talk: Talk
    recoveries: dict[str, float] = field(default_factory=dict)

    def start(self, *role: str) -> None:
        self.roles.start(*role)

    def kill(self, role: tuple[str, ...], which: int = 0) -> None:
        process = [p for p in self.roles.running if self.roles.arguments[p.pid] == role][which]
        process.kill()
        process.wait()
        self.roles.running.remove(process)

    def freeze(self, role: tuple[str, ...], which: int = 0) -> Callable[[], None]:
        process = [p for p in self.roles.running if self.roles.arguments[p.pid] == role][which]
        process.send_signal(signal.SIGSTOP)
        return lambda: process.send_signal(signal.SIGCONT)

    async def delete_topics(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=topics.bootstrap(self.kafka.url))
        await admin.start()
        try:
            await admin.delete_topics(list(TOPICS))
        finally:
            await admin.close()

    async def flows_again(self, fault: str) -> None:
        """Wait until the views have taken more than half a second's worth, and note how long that took."""
        began, before = time.monotonic(), applied(self.roles)
        await self.roles.until(lambda: applied(self.roles) > before + 50, RECOVERY_SECONDS)
        self.recoveries[fault] = round(time.monotonic() - began, 1)


@pytest.fixture
def parts(parts_directory: Path) -> Iterator[tuple[KafkaCluster, Postgres, Valkey]]:
    directory = parts_directory / f"site{time.monotonic_ns()}"
    directory.mkdir()
    directory.chmod(0o755)
    kafka = KafkaCluster(directory)
    postgres = Postgres(directory / "postgres", any_free(), directory / "postgres.log")
    valkey = Valkey(directory / "valkey", any_free(), directory / "valkey.log")
    try:
        postgres.start()
        valkey.start()
        kafka.start()
        yield kafka, postgres, valkey
    finally:
        kafka.stop()
        valkey.stop()
        postgres.stop()


@pytest.fixture
async def site(parts: tuple[KafkaCluster, Postgres, Valkey], tmp_path: Path) -> AsyncIterator[Site]:
    kafka, postgres, valkey = parts
    await asyncio.to_thread(prepare, postgres.url)
    roles = Roles(
        tmp_path,
        {
            "YEON_DATA_DIR": str(tmp_path),
            "YEON_POSTGRES_URL": postgres.url,
            "YEON_REDIS_URL": valkey.url,
            "YEON_KAFKA_URL": kafka.url,
            "YEON_KAFKA_REPLICATION": "3",
            "YEON_EMBEDDED_BROKER": "false",
        },
    )
    try:
        async with talking(roles, rooms=3) as talk:
            yield Site(kafka, postgres, valkey, roles, talk)
    finally:
        for process in roles.running:
            process.kill()
            process.wait()


async def a_worker_is_killed(site: Site) -> None:
    site.kill(WORKER)
    site.start(*WORKER)


async def the_active_relay_is_killed(site: Site) -> None:
    site.kill(RELAY)
    site.start(*RELAY)


async def a_worker_is_frozen_past_its_session_and_woken(site: Site) -> None:
    wake = site.freeze(WORKER)
    await asyncio.sleep(10)  # the session lasts 6 s: this is the fault itself, not a wait
    wake()


async def a_relay_is_frozen_and_woken(site: Site) -> None:
    wake = site.freeze(RELAY)
    await asyncio.sleep(15)
    wake()


async def who_talks_is_killed(site: Site) -> None:
    site.talk.running[-1].kill()
    await site.talk.begin(len(site.talk.running) % 3)


async def a_broker_is_killed(site: Site) -> None:
    node = site.kafka.nodes[len(site.recoveries) % 3]
    node.kill()
    await asyncio.sleep(3)
    site.kafka.start([node])


async def two_brokers_are_killed(site: Site) -> None:
    two = site.kafka.nodes[:2]
    for node in two:
        node.kill()
    await asyncio.sleep(3)
    site.kafka.start(two)


async def brokers_are_restarted_one_by_one(site: Site) -> None:
    for node in site.kafka.nodes:
        node.stop()
        site.kafka.start([node])


async def a_broker_comes_back_with_an_empty_disk(site: Site) -> None:
    node = site.kafka.nodes[2]
    node.kill()
    site.kafka.empty(node)
    site.kafka.start([node])


async def all_topics_are_deleted(site: Site) -> None:
    await site.delete_topics()


async def postgresql_cuts_every_connection(site: Site) -> None:
    with psycopg.connect(site.postgres.url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        )


async def postgresql_is_killed(site: Site) -> None:
    site.postgres.kill()
    deadline = time.monotonic() + 20
    while True:
        try:
            return site.postgres.start()
        except PartFailed:  # the last of the killed server's processes still has its shared memory
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.2)


async def redis_is_frozen(site: Site) -> None:
    child = site.valkey.child
    assert child is not None
    child.send(signal.SIGSTOP)
    await asyncio.sleep(5)
    child.send(signal.SIGCONT)


async def redis_is_killed(site: Site) -> None:
    site.valkey.kill()
    site.valkey.start()


SHORT: list[Callable[[Site], Awaitable[None]]] = [
    a_broker_is_killed,
    a_worker_is_killed,
    the_active_relay_is_killed,
    a_worker_is_frozen_past_its_session_and_woken,
    postgresql_cuts_every_connection,
    all_topics_are_deleted,
]
LONG = [
    *SHORT,
    a_relay_is_frozen_and_woken,
    who_talks_is_killed,
    two_brokers_are_killed,
    brokers_are_restarted_one_by_one,
    a_broker_comes_back_with_an_empty_disk,
    postgresql_is_killed,
    redis_is_frozen,
    redis_is_killed,
]


async def test_nothing_is_lost_or_twice_whatever_is_killed_frozen_or_cut_off(site: Site) -> None:
    # given three brokers, two relays, two workers, and people who talk all the time
    for role in (RELAY, RELAY, WORKER, WORKER):
        site.start(*role)
    for room in range(2):
        await site.talk.begin(room)
    await site.roles.until(lambda: applied(site.roles) > 100, 180)

    # when one fault follows the other, in an order that the seed gives
    chance = Random(SEED)
    faults = chance.sample(SHORT, len(SHORT))
    if FAULTS:
        faults = [chance.choice(LONG) for _ in range(max(0, FAULTS - len(LONG)))]
        faults = [*chance.sample(LONG, len(LONG)), *faults][:FAULTS]
    for fault in faults:
        await fault(site)
        await site.flows_again(fault.__name__)

    # then everything is there, once, in order, everywhere
    await assert_nothing_lost(site.talk, 180)
    generations = query(site.roles, "SELECT max(generation) FROM ops.generations")
    report = {
        "seed": SEED,
        "faults": [fault.__name__ for fault in faults],
        "recovery_seconds": site.recoveries,
        "acknowledged": len(site.talk.acknowledged),
        "generations": generations[0][0] if generations else None,
    }
    print(json.dumps(report))
    if (out := os.environ.get("YEON_SOAK_REPORT")) is not None:
        await asyncio.to_thread(Path(out).write_text, json.dumps(report, indent=2) + "\n")
