"""Where a fresh consumer group begins."""

import asyncio
from collections.abc import Callable
from itertools import accumulate

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from hypothesis import given
from hypothesis import strategies as st
from psycopg import AsyncConnection

from infra.embedded import Part
from infra.kafka import beginning, topics
from infra.kafka.access import Access
from infra.kafka.beginning import prepare_group, until_filled
from infra.kafka.offsets import Checkpoint, between, first_above
from infra.kafka.producer import Interrupted, Producer
from infra.kafka.readiness import ensure_topics
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


async def test_topics_that_the_relay_fills_anew_are_waited_for(
    fresh_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # given views rebuilt up to 9, one more than their partition's last event, and a relay that begins anew
    monkeypatch.setattr(beginning, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(beginning, "STILL_SECONDS", 1.0)
    url = fresh_database()
    async with (
        await AsyncConnection.connect(url, autocommit=True) as relay,
        await AsyncConnection.connect(url, autocommit=True) as reader,
    ):
        await relay.execute("INSERT INTO ops.tracking VALUES ('one', %s, 3, 9)", (CONVERSATIONS,))
        waiting = asyncio.create_task(until_filled(reader, {CONVERSATIONS: ["one"]}))
        for position in range(5, 9):
            await relay.execute("UPDATE ops.relay_head SET position = %s", (position,))
            await asyncio.sleep(0.4)
            assert not waiting.done()

        # when all is published again, then that is where to begin, though events go on
        await relay.execute("INSERT INTO ops.relay_checkpoints VALUES (%s, 3, 1, 7, 8)", (CONVERSATIONS,))
        await relay.execute("UPDATE ops.relay_head SET position = 9")
        standing = await asyncio.wait_for(waiting, 10)
        assert standing.known == {(CONVERSATIONS, 3): Checkpoint(7, 8)}

        # and a relay that stands still is not waited for
        await relay.execute("UPDATE ops.tracking SET position = 12")
        standing = await asyncio.wait_for(until_filled(reader, {CONVERSATIONS: ["one"]}), 10)
        assert standing.missing == 3
