"""Groups by generation, where a fresh one begins, and when an application has to be started anew."""

import asyncio
from itertools import accumulate

from aiokafka import AIOKafkaConsumer, TopicPartition
from hypothesis import given
from hypothesis import strategies as st
from psycopg import AsyncConnection

from infra.embedded import Part
from infra.kafka import topics
from infra.kafka.access import Access
from infra.kafka.app import decode, prepare_group
from infra.kafka.generations import count_start, raise_generation, read_generations
from infra.kafka.intake import Broken
from infra.kafka.offsets import Checkpoint, between, first_above
from infra.kafka.producer import Interrupted, Producer
from infra.kafka.readiness import ensure_topics
from infra.kafka.tracking import Heard, Progress, stuck
from infra.settings import Settings
from schemas.mapper import to_kafka
from schemas.topics import ACCOUNTS, CONVERSATIONS
from tests.faults.conftest import own_kafka
from tests.projections.history import History

__all__ = ["own_kafka"]


@given(st.lists(st.integers(1, 50), max_size=40), st.integers(0, 60))
async def test_a_group_begins_at_a_first_record_above_the_position(
    positions: list[int], tracked: int
) -> None:
    async def position_at(offset: int) -> int:
        return positions[offset - 100]

    end = 100 + len(positions)
    found = await first_above(tracked, 100, end, position_at)

    assert found == end or await position_at(found) > tracked
    assert found == 100 or await position_at(found - 1) <= tracked
    if positions == sorted(positions):
        assert all((p > tracked) == (100 + i >= found) for i, p in enumerate(positions))


@given(
    st.lists(st.integers(1, 5), max_size=40), st.integers(0, 250), st.data(), st.sampled_from([0, 7, 1_000])
)
async def test_a_group_begins_at_the_same_record_where_a_checkpoint_is_known(
    steps: list[int], tracked: int, data: st.DataObject, begins: int
) -> None:
    positions = list(accumulate(steps))
    end = begins + len(positions)
    of_any = st.integers(begins, max(begins, end - 1)) if positions else st.nothing()
    offset = data.draw(st.none() | of_any | st.just(end) | st.just(begins - 1))
    inside = offset is not None and begins <= offset < end
    known = Checkpoint(offset, positions[offset - begins] if inside else 9) if offset is not None else None

    async def position_at(offset: int) -> int:
        return positions[offset - begins]

    low, high = between(tracked, begins, end, known, repeated=0)
    found = await first_above(tracked, low, high, position_at)

    wanted = await first_above(tracked, begins, end, position_at)
    if known is not None and inside and known.position <= tracked:
        assert found == known.offset + 1 <= wanted  # nothing is read; what was seen is dropped
    else:
        assert found == wanted


async def test_a_start_reads_nothing_of_a_partition_whose_end_was_seen() -> None:
    assert between(900, 0, 700, Checkpoint(offset=699, position=900)) == (700, 700)
    assert between(890, 0, 1_000_000, Checkpoint(offset=999_999, position=900)) == (998_989, 999_999)
    assert between(900, 0, 700, None) == (0, 700)


def test_an_application_is_stuck_when_events_wait_and_none_is_applied() -> None:
    progress = Progress()
    here, there = (CONVERSATIONS, 0), (CONVERSATIONS, 1)

    def stuck_at(now: float) -> list[tuple[str, int]]:
        return stuck(progress.stood({here: 5, there: 9}, {here: 7, there: 9}, now), patience=30)

    assert [stuck_at(0), stuck_at(29), stuck_at(30)] == [[], [], [here]]


def test_an_application_that_gets_on_elsewhere_is_given_more_time() -> None:
    progress = Progress()
    here, there = (CONVERSATIONS, 0), (CONVERSATIONS, 1)
    ahead = {here: 1_000, there: 1_000}

    found = [stuck(progress.stood({here: 5, there: now}, ahead, now), 30) for now in range(0, 301, 10)]

    assert found[:-1] == [[]] * 30
    assert found[-1] == [here]


def test_an_application_with_nothing_to_do_is_not_stuck() -> None:
    progress = Progress()
    for now in range(0, 100, 10):
        assert stuck(progress.stood({(CONVERSATIONS, 0): 5}, {(CONVERSATIONS, 0): 5}, now), 30) == []


def test_what_was_published_and_never_came_is_told_from_what_came_and_was_forgotten() -> None:
    # given streams made to begin after position 5 in one partition, with another that is given to us later
    here, there = (CONVERSATIONS, 0), (CONVERSATIONS, 1)
    heard = Heard({here: 5})

    # then what is published beyond must come, except in the new one, where others may have committed it
    assert heard.reached([here], {here: 7, there: 9}) == {here: 5}
    assert heard.reached([here, there], {here: 7, there: 9}) == {here: 5, there: 9}

    # and what came is heard, however old, and forgotten when the partition goes to another
    heard.hear(here, 7, now=1.0)
    heard.hear(here, 6, now=2.0)
    assert heard.reached([here], {here: 8, there: 9}) == {here: 7}
    heard.hear(there, 3, now=3.0)
    assert heard.reached([there], {here: 8, there: 9}) == {there: 3}
    assert heard.reached([here, there], {here: 8, there: 9}) == {here: 8, there: 3}


async def test_a_raised_generation_and_a_start_name_a_new_group(module_database: str) -> None:
    async with await AsyncConnection.connect(module_database, autocommit=True) as connection:
        assert await read_generations(connection, [CONVERSATIONS, ACCOUNTS]) == {
            CONVERSATIONS: 1,
            ACCOUNTS: 1,
        }
        assert await raise_generation(connection, CONVERSATIONS) == 2
        assert await raise_generation(connection, CONVERSATIONS) == 3
        assert await read_generations(connection, [CONVERSATIONS, ACCOUNTS]) == {
            CONVERSATIONS: 3,
            ACCOUNTS: 1,
        }
        assert [await count_start(connection, "views") for _ in range(2)] == [1, 2]


async def test_a_fresh_group_begins_after_what_is_tracked(module_database: str, own_kafka: Part) -> None:
    # given accounts on Kafka, of which a consumer has applied the first half
    kafka_url = own_kafka.url
    settings = Settings(postgres_url=module_database, kafka_url=kafka_url, embedded_broker=True)
    await topics.prepare(settings)
    await ensure_topics(settings, topics.catalogue(1, 1))
    places = [TopicPartition(ACCOUNTS, partition) for partition in range(4)]
    history = History()
    for number in range(40):
        history.person(f"{number}")
    await _publish(kafka_url, history)
    half = history.events[19].position
    async with await AsyncConnection.connect(module_database, autocommit=True) as connection:
        for place in places:
            await connection.execute(
                "INSERT INTO ops.tracking VALUES ('half', %s, %s, %s)", (place.topic, place.partition, half)
            )

    # when groups are made ready, while the relay's checkpoints are unknown and then when they are known
    group = await prepare_group("halfway", settings, {ACCOUNTS: ["half"]})
    async with await AsyncConnection.connect(module_database, autocommit=True) as connection:
        for place in places:
            mine = [event.position for event in history.events if event.partition == place.partition]
            await connection.execute(
                "INSERT INTO ops.relay_checkpoints VALUES (%s, %s, 1, %s, %s)",
                (place.topic, place.partition, len(mine) - 1, mine[-1]),
            )
    known = await prepare_group("known", settings, {ACCOUNTS: ["half"]})

    # then they begin at the second half in every partition
    assert group.name.startswith("halfway.g1.s")
    for name in (group.name, known.name):
        member = AIOKafkaConsumer(bootstrap_servers=topics.bootstrap(kafka_url), group_id=name)
        await member.start()
        for place in places:
            done = [e for e in history.events[:20] if e.partition == place.partition]
            assert await member.committed(place) == len(done)
        await member.stop()


async def test_a_group_begins_before_a_record_that_does_not_tell_its_position(
    module_database: str, own_kafka: Part
) -> None:
    # given a topic with one record that no consumer has seen, and that tells nothing
    settings = Settings(postgres_url=module_database, kafka_url=own_kafka.url, embedded_broker=True)
    await topics.prepare(settings)
    await ensure_topics(settings, topics.catalogue(1, 1))
    producer = Producer(Access.of(settings))
    await producer.start()
    batch = producer.batch()
    batch.append(timestamp=None, key=b"k", value=b"{}", headers=[])
    await producer.send({(ACCOUNTS, 2): batch})
    await producer.close()

    # when a group is made ready whose consumer has tracked more than there is
    async with await AsyncConnection.connect(module_database, autocommit=True) as connection:
        await connection.execute("INSERT INTO ops.tracking VALUES ('far', %s, 2, 1000)", (ACCOUNTS,))
    group = await prepare_group("far", settings, {ACCOUNTS: ["far"]})

    # then it begins at that record
    member = AIOKafkaConsumer(bootstrap_servers=topics.bootstrap(own_kafka.url), group_id=group.name)
    await member.start()
    assert await member.committed(TopicPartition(ACCOUNTS, 2)) == 0
    await member.stop()


async def _publish(kafka_url: str, history: History) -> None:
    """Each partition by itself, again and again: a topic just made is not led yet."""
    for place in sorted({(event.topic, event.partition) for event in history.events}):
        async with asyncio.timeout(30):
            while not await _published(kafka_url, history, place):
                await asyncio.sleep(0.1)


async def _published(kafka_url: str, history: History, place: tuple[str, int]) -> bool:
    producer = Producer(Access.at(kafka_url))
    await producer.start()
    try:
        batch = producer.batch()
        for received in history.received():
            if (received.event.topic, received.event.partition) == place:
                key, value, headers = to_kafka(received.event, received.previous)
                batch.append(timestamp=None, key=key, value=value, headers=headers)
        await producer.send({place: batch})
    except Interrupted:
        return False
    finally:
        await producer.close()
    return True


class Record:
    """A record as Faust gives it."""

    def __init__(
        self, topic: str, partition: int, value: bytes | None, headers: list[tuple[str, bytes]]
    ) -> None:
        self.topic, self.partition, self.value, self.headers = topic, partition, value, headers
        self.offset, self.timestamp = 3, 0.0


def test_records_are_decoded_and_broken_ones_keep_their_place() -> None:
    history = History()
    history.person("하나")
    (received,) = history.received()
    event = received.event
    _, value, headers = to_kafka(event, 0)

    assert decode(Record(event.topic, event.partition, value, headers)) == received
    spoilt = decode(Record(event.topic, event.partition, b"{", headers))
    assert isinstance(spoilt, Broken)
    assert (spoilt.partition, spoilt.position) == (event.partition, 1)
    astray = decode(Record(CONVERSATIONS, 0, value, headers))
    assert isinstance(astray, Broken)
    foreign = decode(Record(ACCOUNTS, 2, None, []))
    assert isinstance(foreign, Broken)
    assert (foreign.partition, foreign.position) == (2, None)
