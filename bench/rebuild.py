"""Rebuild: events a second from the event store into all views, on a PostgreSQL of its own.

The log is seeded with conversations of sixty messages, sealed as the write side seals them.
"""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from psycopg import AsyncConnection

from infra.clock import now
from infra.embedded import Postgres
from infra.embedded.ports import any_free
from infra.ids import new_id
from infra.log import EventLog
from infra.postgres import pool as connect
from infra.postgres import prepare
from projections.catalogue import VIEWS
from projections.rebuild import rebuild
from schemas.base import EventData
from schemas.envelope import Event, Meta
from schemas.events.account import AccountRegistered
from schemas.events.question import QuestionAsked
from schemas.events.room import Member, MessagePosted, RoomOpened
from schemas.ids import room_of
from schemas.mapper import to_stored

EVENTS = 50_000
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


async def _seed(connection: AsyncConnection[Any], count: int) -> None:
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


async def _measure(url: str, count: int) -> dict[str, Any]:
    await asyncio.to_thread(prepare, url)
    async with connect(url, "bench") as pool:
        async with pool.connection() as connection:
            await _seed(connection, count)
        began, spent = time.perf_counter(), time.process_time()
        state = await rebuild(pool, EventLog(pool), list(VIEWS.values()))
        seconds, own = time.perf_counter() - began, time.process_time() - spent
    return {
        "bench": "rebuild",
        "events": state.events,
        "parked": len(state.parked),
        "seconds": round(seconds, 3),
        "events_per_second": round(state.events / seconds),
        "own_cpu_seconds": round(own, 3),
    }


async def main() -> None:
    directory = Path(tempfile.mkdtemp(prefix="yeon-bench-"))
    postgres = Postgres(directory / "postgres", any_free(), directory / "postgres.log")
    try:
        await asyncio.to_thread(postgres.start)
        print(orjson.dumps(await _measure(postgres.url, EVENTS)).decode(), flush=True)
    finally:
        await asyncio.to_thread(postgres.stop)
        shutil.rmtree(directory, ignore_errors=True)
