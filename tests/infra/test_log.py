"""Reading the event store: in order, by partition, unsealed as far as there are keys."""

from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from commands.application import Commands
from infra import log as event_log
from infra import postgres
from infra.keys import Keyring, KeyUnread
from infra.log import EventLog
from infra.settings import Settings
from schemas.events.account import AccountRegistered
from schemas.events.room import MessagePosted
from schemas.events.unreadable import Unreadable
from schemas.mapper import UnknownEventType, from_kafka, to_kafka
from schemas.topics import TOPICS
from tests.commands.writing import Writer


@pytest.fixture
def store(fresh_database: Callable[[], str]) -> str:
    return fresh_database()


@pytest.fixture
async def writer(store: str) -> AsyncIterator[Writer]:
    commands = Commands(Settings(postgres_url=store))
    await commands.start()
    yield Writer(commands)
    await commands.stop()


@pytest.fixture
async def pool(store: str) -> AsyncIterator[AsyncConnectionPool]:
    async with postgres.pool(store, "test") as opened:
        yield opened


async def test_an_empty_log(pool: AsyncConnectionPool) -> None:
    log = EventLog(pool)
    assert await log.head() == 0
    assert await log.read(0, 10) == []
    assert await log.version(uuid4()) == 0
    assert await log.read_partition("yeon.conversations.v1", 0, 0, 100) == []


async def test_reading_on_in_steps_gives_everything_in_order(
    writer: Writer, pool: AsyncConnectionPool
) -> None:
    room = await writer.room(await writer.expert())
    for number in range(10):
        await writer.say(room, f"말 {number}")
    log = EventLog(pool)
    head = await log.head()
    read = []
    while events := await log.read(len(read), 7):
        assert len(events) <= 7
        read += events
    assert [event.position for event in read] == list(range(1, head + 1))
    assert await log.read(3, 100, upto=5) == read[3:5]
    said = [event.data.content for event in read if isinstance(event.data, MessagePosted)]
    assert said == [f"말 {number}" for number in range(10)]
    assert await EventLog(pool).one(room.id, 2) == next(e for e in read if isinstance(e.data, MessagePosted))
    assert await log.one(room.id, 99) is None
    assert await log.version(room.id) == 11, "it was opened, and ten things were said"


async def test_the_partitions_share_the_log_out(
    writer: Writer, pool: AsyncConnectionPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_log, "PAGE", 4)
    for _ in range(3):
        await writer.room(await writer.expert())
    log = EventLog(pool)
    everything = await log.read(0, 1000)
    after, upto = 2, len(everything) - 1
    found = []
    for topic in TOPICS.values():
        for partition in range(topic.partitions):
            part = await log.read_partition(topic.name, partition, after, upto)
            assert all((event.topic, event.partition) == (topic.name, partition) for event in part)
            assert [event.position for event in part] == sorted(event.position for event in part)
            found += part
    assert sorted(found, key=lambda event: event.position) == everything[after:upto]


async def test_words_of_a_person_without_a_key_read_as_empty(
    writer: Writer, store: str, pool: AsyncConnectionPool
) -> None:
    kept, erased = await writer.person(name="남는 이"), await writer.person(name="떠난 이")
    with psycopg.connect(store) as connection:
        connection.execute("DELETE FROM store.person_keys WHERE user_id = %s", (erased,))
    names = {
        event.stream_id: event.data.display_name
        for event in await EventLog(pool).read(0, 10)
        if isinstance(event.data, AccountRegistered)
    }
    assert names == {kept: "남는 이", erased: ""}


async def test_a_forgotten_key_is_not_in_the_ring(
    writer: Writer, store: str, pool: AsyncConnectionPool
) -> None:
    user, keys = await writer.person(), Keyring()
    with pytest.raises(KeyUnread):
        keys.of(user)
    async with pool.connection() as connection:
        await keys.read(connection, [user])
    assert keys.of(user) is not None
    keys.forget(user)
    with pytest.raises(KeyUnread):
        keys.of(user)


def test_a_key_that_was_made_belongs_to_the_ring_after_the_commit_only(store: str) -> None:
    keys, user = Keyring(), uuid4()
    with psycopg.connect(store) as connection:
        made = keys.make(connection, [user])
        connection.rollback()
        again = keys.make(connection, [user])
        assert again != made
        connection.commit()
    with pytest.raises(KeyUnread):
        keys.of(user)
    keys.keep(again)
    assert keys.of(user) == again[user]
    with psycopg.connect(store) as connection:
        assert Keyring().make(connection, [user]) == again


@pytest.mark.parametrize(
    "spoil",
    [
        "topic = 'yeon.room.sang.v1'",
        "state = 'no JSON'",
        "state = '{}'",
        "state = substr(state, 1, 60)",
    ],
)
async def test_what_cannot_be_read_stands_in_its_place(
    writer: Writer, store: str, pool: AsyncConnectionPool, spoil: str
) -> None:
    room = await writer.room(await writer.expert())
    for text in ("하나", "둘", "셋"):
        await writer.say(room, text)
    log = EventLog(pool)
    sound = await log.read(0, 100)
    with psycopg.connect(store) as connection:
        connection.execute(
            f"UPDATE store.stored_events SET {spoil} WHERE notification_id = %s".encode(),
            (sound[-2].position,),
        )

    events = await log.read(0, 100)

    assert events[:-2] + events[-1:] == sound[:-2] + sound[-1:]
    spoilt = events[-2]
    assert isinstance(spoilt.data, Unreadable)
    assert (spoilt.position, spoilt.event_id) == (sound[-2].position, sound[-2].event_id)
    assert spoilt.topic == sound[-2].topic
    place = spoilt.topic, spoilt.partition
    assert spoilt in await log.read_partition(*place, 0, spoilt.position)
    _, value, headers = to_kafka(spoilt, 3)
    with pytest.raises(ValueError, match=r"unknown event type|Invalid JSON"):
        from_kafka(value, headers)


async def test_a_family_of_types_without_a_topic_is_not_passed_over(
    writer: Writer, store: str, pool: AsyncConnectionPool
) -> None:
    await writer.person()
    with psycopg.connect(store) as connection:
        connection.execute("UPDATE store.stored_events SET topic = 'yeon.invoice.sent.v1'")
    with pytest.raises(UnknownEventType):
        await EventLog(pool).read(0, 10)
