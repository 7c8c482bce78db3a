"""A person who is forgotten: what is refused, what goes in the same transaction, and what can never be read again."""

import time
from uuid import UUID

import psycopg
import pytest

from commands.application import Commands
from commands.refusals import NotFound
from infra.keys import KEEP_SECONDS, Keyring
from infra.log import EventLog
from infra.postgres import pool as connect
from infra.settings import Settings
from schemas.commands.account import ChangeProfile, EraseAccount
from schemas.commands.room import PostMessage
from schemas.events.account import AccountErased
from schemas.events.expert import ExpertProfileSet
from schemas.events.question import QuestionAsked
from schemas.events.room import MessagePosted
from schemas.port import Refused
from tests.commands.deciding import World, profile
from tests.commands.writing import Writer, message, rows

WORDS = "옆집 고양이 이름은 제갈공명입니다"


def test_an_erasure_is_an_event_and_empties_an_experts_profile(world: World) -> None:
    user = world.person("expert", "하린")
    world.do(user, profile(capacity=4))
    erased, emptied = world.said(user, EraseAccount())
    assert erased == AccountErased(user_id=user)
    assert isinstance(emptied, ExpertProfileSet)
    assert (emptied.display_name, emptied.specialties, emptied.bio) == ("", (), "")
    assert (emptied.capacity, emptied.available) == (4, False)


def test_who_is_forgotten_is_not_there_any_more(world: World) -> None:
    user = world.person(name="하린")
    world.do(user, EraseAccount())
    for command in (EraseAccount(), ChangeProfile(display_name="다시")):
        with pytest.raises(NotFound):
            world.do(user, command)


async def test_key_credentials_and_words_are_gone_for_every_reader(writer: Writer, store: str) -> None:
    expert = await writer.expert()
    room = await writer.room(expert)
    await writer.say(room, WORDS)
    await writer.do(expert, message(room, "다른 사람의 말"))

    await writer.do(room.asker, EraseAccount())

    for table in ("person_keys", "credentials", "refresh_tokens"):
        assert rows(store, f"SELECT FROM store.{table} WHERE user_id = %s", room.asker) == []
    async with connect(store, "test") as pool:
        events = await EventLog(pool).read(0, 1_000)
    said = [event.data for event in events if isinstance(event.data, MessagePosted)]
    assert [(data.content, data.sender_name) for data in said] == [("", ""), ("다른 사람의 말", "서연")]
    (asked,) = (event.data for event in events if isinstance(event.data, QuestionAsked))
    assert (asked.content, asked.asker_name, asked.category) == ("", "", None)


async def test_the_user_name_and_the_email_are_free_again(writer: Writer) -> None:
    user = await writer.person(username="jimin", email="jimin@example.org")
    await writer.do(user, EraseAccount())
    other = await writer.person(username="jimin", email="jimin@example.org")
    assert other != user


async def test_no_key_is_ever_made_again(writer: Writer, store: str) -> None:
    expert = await writer.expert()
    room = await writer.room(expert)
    await writer.do(room.asker, EraseAccount())

    # They are still a member of the room until the room is done with: what they say is sealed for nobody.
    await writer.do(room.asker, PostMessage(room_id=room.id, message_id=UUID(int=7), content=WORDS))

    assert rows(store, "SELECT FROM store.person_keys WHERE user_id = %s", room.asker) == []
    with psycopg.connect(store) as connection:
        ring = Keyring()
        ring.read_now(connection, [room.asker])
        assert ring.of(room.asker) is None
        copies = connection.execute("SELECT state FROM store.stored_events").fetchall()
        answers = connection.execute("SELECT answer FROM store.command_outcomes").fetchall()
    assert not [state for (state,) in [*copies, *answers] if WORDS.encode() in bytes(state)]


async def test_another_process_that_held_the_key_lets_go_of_it(
    writer: Writer, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await writer.room(await writer.expert())
    await writer.say(room, WORDS)
    async with connect(store, "test") as pool:
        log = EventLog(pool)
        assert WORDS in str(await log.read(0, 1_000))
        await writer.do(room.asker, EraseAccount())
        later = time.monotonic() + KEEP_SECONDS
        monkeypatch.setattr("infra.keys.time.monotonic", lambda: later)
        assert WORDS not in str(await log.read(0, 1_000))


async def test_a_writer_that_starts_anew_reads_what_others_said(writer: Writer, store: str) -> None:
    expert = await writer.expert()
    room = await writer.room(expert)
    await writer.say(room, WORDS)
    await writer.do(room.asker, EraseAccount())
    another = Commands(Settings(postgres_url=store))
    await another.start()
    try:
        outcome = await Writer(another).do(expert, message(room, "혼자 남았네요"))
        assert outcome.result["seq"] == 2
        with pytest.raises(Refused):
            await Writer(another).do(room.asker, ChangeProfile(display_name="다시"))
    finally:
        await another.stop()
