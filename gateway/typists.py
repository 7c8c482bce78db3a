"""Who is writing in which room. Nothing of it is stored, and it ends by itself.

It ends at the gateway of the one who writes; and at every other that heard of it, should that gateway have died.
"""

import asyncio
from collections.abc import Callable
from uuid import UUID

from redis.asyncio import Redis

from gateway import frames
from infra.push import Heard, publish

ENDS_AFTER_SECONDS = 6.0
FORGOTTEN_AFTER_SECONDS = 8.0
"""What another gateway said and did not say again: later than its own end could be under way."""


class Typists:
    """The people at this gateway who are writing; all gateways hear of them through Redis."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._ends: dict[tuple[UUID, UUID], asyncio.TimerHandle] = {}
        self._elsewhere: dict[tuple[UUID, UUID], asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[bool]] = set()

    def started(self, room_id: UUID, user_id: UUID) -> None:
        """The person is writing."""
        if (running := self._ends.pop((room_id, user_id), None)) is not None:
            running.cancel()
        loop = asyncio.get_running_loop()
        self._ends[room_id, user_id] = loop.call_later(ENDS_AFTER_SECONDS, self.stopped, room_id, user_id)
        self._say(room_id, user_id, True)

    def stopped(self, room_id: UUID, user_id: UUID) -> None:
        """The person has stopped writing, if they were."""
        if (running := self._ends.pop((room_id, user_id), None)) is not None:
            running.cancel()
            self._say(room_id, user_id, False)

    def gone(self, user_id: UUID) -> None:
        """The person's socket has ended."""
        for room_id, who in tuple(self._ends):
            if who == user_id:
                self.stopped(room_id, who)

    def heard(self, heard: Heard, end: Callable[[Heard], None]) -> None:
        """A push arrived; if it says that somebody writes, `end` is given the end of it when none comes."""
        if heard.frame.get("type") != "typing_indicator":
            return
        data = heard.frame["data"]
        key = heard.id, UUID(data["userId"])
        if (running := self._elsewhere.pop(key, None)) is not None:
            running.cancel()
        if data["isTyping"]:
            loop = asyncio.get_running_loop()
            self._elsewhere[key] = loop.call_later(FORGOTTEN_AFTER_SECONDS, self._forget, key, end)

    def close(self) -> None:
        """Nobody is told anything any more."""
        for timer in (*self._ends.values(), *self._elsewhere.values()):
            timer.cancel()

    def _forget(self, key: tuple[UUID, UUID], end: Callable[[Heard], None]) -> None:
        del self._elsewhere[key]
        end(Heard("room", key[0], 0, frames.typing_indicator(*key, is_typing=False)))

    def _say(self, room_id: UUID, user_id: UUID, is_typing: bool) -> None:
        frame = frames.typing_indicator(room_id, user_id, is_typing)
        task = asyncio.create_task(publish(self._redis, [Heard("room", room_id, 0, frame)], []))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
