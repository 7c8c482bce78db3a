"""Who is writing in which room. Nothing of it is stored, and it ends by itself."""

import asyncio
from uuid import UUID

from redis.asyncio import Redis

from gateway import frames
from infra.push import Heard, publish

ENDS_AFTER_SECONDS = 6.0


class Typists:
    """The people at this gateway who are writing; all gateways hear of them through Redis."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._ends: dict[tuple[UUID, UUID], asyncio.TimerHandle] = {}
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

    def _say(self, room_id: UUID, user_id: UUID, is_typing: bool) -> None:
        frame = frames.typing_indicator(room_id, user_id, is_typing)
        task = asyncio.create_task(publish(self._redis, [Heard("room", room_id, 0, frame)], []))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
