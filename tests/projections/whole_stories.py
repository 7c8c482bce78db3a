"""A history with every type of event, and a store that holds it."""

from collections.abc import Sequence
from random import Random
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from schemas.envelope import Event
from schemas.events.account import AccountProfileChanged
from schemas.events.expert import ExpertEngaged, ExpertReleased
from schemas.ids import expert_stream
from schemas.mapper import to_stored
from tests.projections.history import Conversation, History


def rich(questions: int = 6, seed: int = 1) -> History:
    """A history with every type of event: several questions told at the same time, over shared experts."""
    history = History()
    random = Random(seed)
    experts = [history.expert(f"전문가 {n}") for n in range(5)]
    history.add(experts[0], AccountProfileChanged(user_id=experts[0], role="both", display_name="새 이름"))
    told = [_whole_story(history, number, experts) for number in range(questions)]
    while told:
        story = random.choice(told)
        if next(story, None) is None:
            told.remove(story)
    return history


def _whole_story(history: History, number: int, experts: list[UUID]) -> Any:
    asker, guest = history.person(f"묻는 이 {number}"), history.person(f"손님 {number}")
    first, second, third, fourth, fifth = experts[number % 5 :] + experts[: number % 5]
    one = Conversation(history, str(number), asker)
    yield one.asked()
    yield one.matched([first, second, third])
    yield one.edited(first, second, third)
    yield one.declined(second)
    yield one.offered(fourth)
    if number % 5 == 4:
        yield one.expired(first, third, fourth)
        yield one.round_requested(2)
        yield one.unmatched()
        yield one.cancelled()
        return
    yield one.accepted(first)
    yield history.add(expert_stream(first), ExpertEngaged(expert_id=first, question_id=one.id, open_rooms=1))
    yield one.opened(first)
    yield one.withdrawn(third)
    yield one.expired(fourth)
    yield one.silent(first)
    yield one.round_requested(2, in_progress=True)
    yield one.matched([fifth], round_number=2, in_progress=True)
    yield one.expired(fifth)
    message = one.said(asker)
    yield message
    yield one.said(first, "반갑습니다 🙂")
    yield one.joined(guest)
    yield one.read(first, 2)
    yield one.redacted(message, asker)
    yield one.left(guest)
    yield one.resolved()
    yield one.closed()
    yield history.add(expert_stream(first), ExpertReleased(expert_id=first, question_id=one.id, open_rooms=0))
    yield one.rated(first, 3)
    yield one.rated(first, 5, previous=3)
    yield one.shared(one.asker)
    yield one.shared(first)
    yield one.shared(first, False)
    yield one.reopened()
    yield one.opened_again()
    yield one.said(first, "더 궁금한 것이 있나요?")


async def store(pool: AsyncConnectionPool[AsyncConnection[Any]], events: Sequence[Event]) -> None:
    """Puts `events` into the event store, sealed."""
    keys: dict[UUID, bytes] = {}

    def key_of(user: UUID) -> bytes:
        return keys.setdefault(user, user.bytes * 2)

    rows = [(e.stream_id, e.version, e.type, to_stored(e, key_of), e.position) for e in events]
    async with pool.connection() as connection, connection.transaction():
        async with connection.cursor() as cursor:
            await cursor.executemany("INSERT INTO store.stored_events VALUES (%s, %s, %s, %s, %s)", rows)
            await cursor.executemany(
                "INSERT INTO store.person_keys (user_id, key) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                list(keys.items()),
            )
        await connection.execute(
            "UPDATE store.log_head SET position = greatest(position, %s)", (events[-1].position,)
        )
