"""What the pushes did not bring: once a second, and when in doubt, the heads of the views are compared with what was given
out, and what is missing is read."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any
from uuid import UUID

from gateway.line import Line
from gateway.sources import AWAY, PAGE, Views

COMPARE_SECONDS = 1.0
AGAIN_SECONDS = 0.2
"""After a join: what was pushed just before we heard the room is in the views by then."""
HOLE_SECONDS = 0.02
"""Before a hole is looked at again, then twice as long. An early push is ahead of the views by about this much."""
HOLE_AT_MOST_SECONDS = 0.5
log = logging.getLogger(__name__)


class Comparison:
    """Compares lines with the views, and fills those that are behind."""

    def __init__(self, views: Views, rooms: Mapping[UUID, Line], users: Mapping[UUID, Line]) -> None:
        """`rooms` and `users` are the lines listened to, as they are at any moment."""
        self._views = views
        self._rooms = rooms
        self._users = users
        self._tasks: set[asyncio.Task[None]] = set()
        self._doubt = asyncio.Event()
        self._joined: set[UUID] = set()

    @property
    def filling(self) -> int:
        """How many lines are being filled from the views just now."""
        return len(self._tasks)

    async def compare(self) -> None:
        """Ask the views where everything stands, and fill what was missed."""
        await self._compare(self._rooms, self._users)

    def soon(self) -> None:
        """Something was probably missed: do not wait for the next second."""
        self._doubt.set()

    def again(self, room_id: UUID) -> None:
        """Somebody just joined the room: compare it once more, soon."""
        if not self._joined:
            asyncio.get_running_loop().call_later(AGAIN_SECONDS, self._begin, self._compare_joined)
        self._joined.add(room_id)

    async def run(self) -> None:
        """Compare once a second, and when in doubt, for ever. A store that is away is waited for."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._doubt.wait(), COMPARE_SECONDS)
            self._doubt.clear()
            try:
                await self.compare()
            except AWAY as error:
                log.warning("cannot compare with the views: %s", error)

    def fill(self, line: Line) -> None:
        """Read what `line` is missing, unless that is under way."""
        if line.feed.behind and not line.filling:
            line.filling = True
            self._begin(self._read_missing, line)

    async def _compare(self, rooms: Mapping[UUID, Line], users: Mapping[UUID, Line]) -> None:
        if not rooms and not users:
            return
        asked = tuple({key: line.feed.head or 0 for key, line in lines.items()} for lines in (rooms, users))
        beyond = await self._views.heads(*asked)
        for lines, numbers, heads in zip((self._rooms, self._users), asked, beyond, strict=True):
            for key in numbers:
                if (line := lines.get(key)) is not None:
                    line.feed.known(heads.get(key, 0))
                    self.fill(line)

    async def _compare_joined(self) -> None:
        joined, self._joined = self._joined, set()
        try:
            await self._compare({one: self._rooms[one] for one in joined if one in self._rooms}, {})
        except AWAY as error:
            log.warning("cannot compare with the views: %s", error)

    def _begin(self, work: Callable[..., Coroutine[Any, Any, None]], *arguments: Any) -> None:
        task = asyncio.create_task(work(*arguments))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read_missing(self, line: Line) -> None:
        pause = HOLE_SECONDS
        try:
            while line.feed.behind and not line.idle:
                before = line.feed.head
                line.emit(line.feed.fill(await line.page(before or 0, PAGE)))
                if line.feed.head == before:
                    if pause > HOLE_AT_MOST_SECONDS:
                        return  # the next push or comparison comes back to it
                    await asyncio.sleep(pause)
                    pause *= 2
        except AWAY as error:
            log.warning("cannot fill %s yet: %s", line.channel, error)
        finally:
            line.filling = False
