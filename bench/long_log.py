"""A long log in no time: conversations of sixty messages, sealed as the write side seals them, copied into a store."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from infra.clock import now
from infra.ids import new_id
from schemas.base import EventData
from schemas.envelope import Event, Meta
from schemas.events.account import AccountRegistered
from schemas.events.question import QuestionAsked
from schemas.events.room import Member, MessagePosted, RoomOpened
from schemas.ids import room_of
from schemas.mapper import to_stored

MESSAGES = 60
TEXT = "질문 고맙습니다. 우선 로그를 한 번 보고, 그다음에 설정을 같이 살펴볼까요?"


def _conversation(number: int) -> Iterator[tuple[UUID, int, EventData]]:
    """Stream, version and data of one question with its room and messages."""
    people = (new_id(), new_id())
    for user in people:
        yield user, 1, AccountRegistered(user_id=user, role="both", display_name=f"사람 {number}")
    question = new_id()
    room = room_of(question)
    yield question, 1, QuestionAsked(question_id=question, asker_id=people[0], content=TEXT, urgency="low")
    members = tuple(Member(user_id=user, user_name="사람", role="guest") for user in people)
    yield room, 1, RoomOpened(room_id=room, question_id=question, asker_id=people[0], members=members)
    for seq in range(1, MESSAGES + 1):
        message = MessagePosted(
            room_id=room,
            question_id=question,
            seq=seq,
            message_id=new_id(),
            sender_id=people[seq % 2],
            sender_name="사람",
            content=f"{TEXT} {seq}",
            client_msg_id=str(seq),
        )
        yield room, seq + 1, message


def _log(count: int) -> Iterator[Event]:
    position = 0
    for number in range(count):
        for stream, version, data in _conversation(number):
            position += 1
            if position > count:
                return
            yield Event(position, stream, version, data, Meta(now(), stream, new_id(), new_id(), ""))


async def seed(connection: AsyncConnection[Any], count: int) -> None:
    """Fill an empty store with `count` events."""
    keys: dict[UUID, bytes] = {}

    def key_of(user: UUID) -> bytes:
        return keys.setdefault(user, user.bytes * 2)

    async with connection.transaction(), connection.cursor() as cursor:
        async with cursor.copy("COPY store.stored_events FROM STDIN") as copy:
            for event in _log(count):
                state = to_stored(event, key_of)
                await copy.write_row((event.stream_id, event.version, event.type, state, event.position))
        async with cursor.copy("COPY store.person_keys (user_id, key) FROM STDIN") as copy:
            for row in keys.items():
                await copy.write_row(row)
        await cursor.execute("UPDATE store.log_head SET position = %s", (count,))
