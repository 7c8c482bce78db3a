"""Given a writer that has its aggregates, when messages come, then a turn is one exchange with the server; and when
somebody else was there, or a command was decided before, then it is taken step by step, with nothing lost or repeated.
"""

from collections.abc import AsyncIterator

import pytest

from commands import at_once
from commands.application import Commands
from infra.ids import new_id
from infra.settings import Settings
from schemas.commands.question import ReopenQuestion, ResolveQuestion
from schemas.envelope import Event
from schemas.port import Refused
from tests.commands.writing import OpenRoom, Writer, assert_gapless, message, rows


@pytest.fixture
async def other(store: str) -> AsyncIterator[Writer]:
    """Another process's writer."""
    commands = Commands(Settings(postgres_url=store))
    await commands.start()
    yield Writer(commands)
    await commands.stop()


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each turn that was tried at once went through."""
    seen: list[bool] = []
    really = at_once.append

    def watched(*arguments: object) -> bool:
        seen.append(really(*arguments))  # type: ignore[arg-type]
        return seen[-1]

    monkeypatch.setattr(at_once, "append", watched)
    return seen


async def warm(writer: Writer) -> OpenRoom:
    """A room with two messages, said by a writer that was alone."""
    room = await writer.room(await writer.expert())
    await writer.say(room)
    await writer.say(room)
    return room


async def test_messages_of_a_writer_that_is_alone_go_at_once(
    writer: Writer, store: str, tries: list[bool]
) -> None:
    room = await warm(writer)
    tries.clear()
    heard: list[Event] = []
    writer.commands.tell(heard.extend)
    said = [await writer.say(room) for _ in range(5)]
    assert tries == [True] * 5
    assert [one.result["seq"] for one in said] == [3, 4, 5, 6, 7]
    assert [event.position for event in heard] == [one.position for one in said]
    assert assert_gapless(store) == said[-1].position


async def test_another_writers_message_comes_first(
    writer: Writer, other: Writer, store: str, tries: list[bool]
) -> None:
    room = await warm(writer)
    tries.clear()
    assert (await other.say(room)).result["seq"] == 3
    assert (await writer.say(room)).result["seq"] == 4
    assert tries == [False]
    assert (await writer.say(room)).result["seq"] == 5
    assert_gapless(store)


async def test_a_room_that_another_writer_closed_takes_no_message(
    writer: Writer, other: Writer, tries: list[bool]
) -> None:
    room = await warm(writer)
    tries.clear()
    await other.do(room.asker, ResolveQuestion(question_id=room.question_id))
    with pytest.raises(Refused) as refused:
        await writer.say(room)
    assert refused.value.code == "room_closed"
    assert tries == [False]


async def test_a_room_that_another_writer_opened_again_refuses_no_message(
    writer: Writer, other: Writer
) -> None:
    room = await warm(writer)
    await writer.do(room.asker, ResolveQuestion(question_id=room.question_id))
    for _ in range(2):
        with pytest.raises(Refused):
            await writer.say(room)
    await other.do(room.asker, ReopenQuestion(question_id=room.question_id))
    assert (await writer.say(room)).result["seq"] > 2


async def test_a_command_decided_before_gets_its_first_answer(
    writer: Writer, store: str, tries: list[bool]
) -> None:
    room, command_id = await warm(writer), new_id()
    first = await writer.do(room.asker, message(room), command_id)
    await writer.say(room)
    tries.clear()
    assert await writer.do(room.asker, message(room), command_id) == first
    assert tries == [False]
    await writer.do(room.asker, ResolveQuestion(question_id=room.question_id))
    await writer.do(room.asker, ReopenQuestion(question_id=room.question_id))
    assert await writer.do(room.asker, message(room), command_id) == first
    assert (await writer.say(room)).result["seq"] == first.result["seq"] + 4
    stored = rows(
        store, "SELECT count(*) FROM store.stored_events WHERE topic = 'yeon.room.message_posted.v1'"
    )
    assert stored == [(5,)]
