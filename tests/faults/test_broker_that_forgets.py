"""A broker that loses what it had acknowledged: while all runs, every consumer still gets everything once, in order."""

import asyncio
import signal
from collections import defaultdict
from collections.abc import Iterator

import psycopg
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from infra.embedded import Part
from infra.kafka import topics
from schemas.topics import CONVERSATIONS
from tests.faults.conftest import Roles
from tests.streams.chatter import Chatter

RELAY = ("streams", "relay")
COLLECTOR = ("tests.faults.collector",)


class World:
    """The store that is written to, and what the collector got of it."""

    def __init__(self, roles: Roles) -> None:
        self.roles = roles
        self.url = roles.environment["YEON_POSTGRES_URL"]
        self.chatter = Chatter(self.url)

    def query(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url) as connection:
            try:
                return connection.execute(statement.encode()).fetchall()
            except psycopg.errors.UndefinedTable:
                return []

    def collected(self) -> int:
        return len(self.query("SELECT n FROM collected"))

    def generation(self) -> int:
        rows = self.query(f"SELECT generation FROM ops.generations WHERE topic = '{CONVERSATIONS}'")
        return int(str(rows[0][0])) if rows else 1

    def relayed(self) -> int:
        return int(str(self.query("SELECT position FROM ops.relay_head")[0][0]))

    async def all_collected(self, seconds: float = 60) -> None:
        wanted = len(self.chatter.events)
        await self.roles.until(lambda: self.collected() >= wanted, seconds)

    def assert_everything_once_and_in_order(self) -> None:
        found, expected = defaultdict(list), defaultdict(list)
        rows = self.query("SELECT topic, partition, position, event_id FROM collected ORDER BY n")
        for topic, partition, position, event_id in rows:
            found[topic, partition].append((position, event_id))
        for event in self.chatter.events:
            expected[event.topic, event.partition].append((event.position, event.event_id))
        assert found == expected


@pytest.fixture
def world(roles: Roles) -> Iterator[World]:
    found = World(roles)
    yield found
    found.chatter.close()


async def talk(world: World, stop: asyncio.Event) -> None:
    """Append in small pieces until told to stop."""
    while not stop.is_set():
        await asyncio.to_thread(world.chatter.append, 5)
        await asyncio.sleep(0.01)


@pytest.mark.timeout(240)
async def test_what_a_killed_broker_forgot_is_published_again(
    world: World, own_kafka: Part, broker_kind: str
) -> None:
    # given a relay and a consumer, and people talking all the time
    world.roles.start(*RELAY)
    world.roles.start(*COLLECTOR)
    stop = asyncio.Event()
    talking = asyncio.create_task(talk(world, stop))
    await world.roles.until(lambda: world.collected() > 200, 60)

    # when the broker is killed in the middle of it, comes back, and, as what is forgotten is chance, is killed again
    for _ in range(3 if broker_kind == "embedded" else 1):
        own_kafka.kill()
        await asyncio.to_thread(own_kafka.start)
        reached = world.relayed()
        await world.roles.until(lambda reached=reached: world.relayed() > reached + 100, 60)
    stop.set()
    await talking

    # then nothing is missing downstream, nor twice, nor out of order
    await world.all_collected()
    world.assert_everything_once_and_in_order()
    if broker_kind == "embedded":
        assert world.generation() > 1, "the broker forgot nothing: this test has tried nothing"


@pytest.mark.timeout(240)
async def test_a_topic_that_is_deleted_under_load_is_made_and_filled_again(
    world: World, own_kafka: Part
) -> None:
    # given a relay and a consumer, and people talking all the time
    world.roles.start(*RELAY)
    world.roles.start(*COLLECTOR)
    stop = asyncio.Event()
    talking = asyncio.create_task(talk(world, stop))
    await world.roles.until(lambda: world.collected() > 200, 60)

    # when the topic is deleted
    admin = AIOKafkaAdminClient(bootstrap_servers=topics.bootstrap(own_kafka.url))
    await admin.start()
    await admin.delete_topics([CONVERSATIONS])
    await admin.close()
    before = world.relayed()
    await world.roles.until(lambda: world.generation() == 2, 60)
    await world.roles.until(lambda: world.relayed() > before + 100, 60)
    stop.set()
    await talking

    # then the consumer begins anew and has everything once, in order
    await world.all_collected(90)
    world.assert_everything_once_and_in_order()


@pytest.mark.timeout(240)
async def test_a_standby_relay_takes_over_from_one_that_was_killed(world: World) -> None:
    # given an active relay and one that stands by
    active = world.roles.start(*RELAY)
    await world.roles.until(lambda: "is active" in world.roles.said(*RELAY), 30)
    world.roles.start(*RELAY)
    await world.roles.until(lambda: "standing by" in world.roles.said(*RELAY), 30)
    world.roles.start(*COLLECTOR)
    stop = asyncio.Event()
    talking = asyncio.create_task(talk(world, stop))
    await world.roles.until(lambda: world.collected() > 100, 60)

    # when the active one is killed
    active.send_signal(signal.SIGKILL)
    before = world.relayed()
    await world.roles.until(lambda: world.relayed() > before + 100, 15)
    stop.set()
    await talking

    # then the other goes on where it was
    await world.all_collected()
    world.assert_everything_once_and_in_order()
    assert world.generation() == 1


@pytest.mark.timeout(240)
async def test_while_kafka_is_away_events_wait_in_the_store(world: World, own_kafka: Part) -> None:
    # given a relay whose Kafka is away
    world.roles.start(*RELAY)
    world.roles.start(*COLLECTOR)
    world.chatter.append(50)
    await world.all_collected()
    own_kafka.kill()

    # when events are appended
    world.chatter.append(500)
    assert world.relayed() == 50

    # then they flow when it is back
    await asyncio.to_thread(own_kafka.start)
    await world.all_collected(90)
    world.assert_everything_once_and_in_order()
