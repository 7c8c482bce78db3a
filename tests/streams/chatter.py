"""Appends chatter to an event store, as the write side does: many messages of some questions, now and then a person."""

from collections import defaultdict
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg

from infra.log import CHANNEL
from schemas.base import EventData
from schemas.envelope import Event, Meta
from schemas.events.account import AccountRegistered
from schemas.events.room import MessagePosted
from schemas.ids import SYSTEM, room_of
from schemas.mapper import to_stored

KEY = bytes(32)


class Chatter:
    """A growing log in the database of `url`, behind one connection."""

    def __init__(self, url: str, questions: int = 40) -> None:
        self._connection = psycopg.connect(url)
        self._questions = [uuid4() for _ in range(questions)]
        self._person = uuid4()
        self._versions: dict[UUID, int] = defaultdict(int)
        self.events: list[Event] = []
        self._connection.execute(
            "INSERT INTO store.person_keys (user_id, key) VALUES (%s, %s)", (self._person, KEY)
        )
        self._connection.commit()

    def append(self, count: int) -> list[Event]:
        """Appends `count` events in one transaction, and returns them."""
        fresh = [self._next() for _ in range(count)]
        with self._connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO store.stored_events"
                " (originator_id, originator_version, topic, state, notification_id) VALUES (%s, %s, %s, %s, %s)",
                [(e.stream_id, e.version, e.type, to_stored(e, lambda _: KEY), e.position) for e in fresh],
            )
            cursor.execute("UPDATE store.log_head SET position = %s", (fresh[-1].position,))
            cursor.execute(f"NOTIFY {CHANNEL}")
        self._connection.commit()
        return fresh

    def close(self) -> None:
        self._connection.close()

    def _next(self) -> Event:
        position = len(self.events) + 1
        data: EventData
        if position % 50 == 0:
            stream = uuid4()
            data = AccountRegistered(user_id=stream, role="expert", display_name="김하나")
        else:
            question = self._questions[position % len(self._questions)]
            stream = room_of(question)
            data = MessagePosted(
                room_id=stream,
                question_id=question,
                seq=self._versions[stream] + 1,
                message_id=uuid4(),
                sender_id=self._person,
                sender_name="이두리",
                content=f"{position}번째 말",
            )
        self._versions[stream] += 1
        meta = Meta(datetime.now(UTC), SYSTEM, uuid4(), uuid4(), "")
        event = Event(position, stream, self._versions[stream], data, meta)
        self.events.append(event)
        return event
