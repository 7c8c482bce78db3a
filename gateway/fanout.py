"""From pushes and views to sockets: every listener gets each number once, in order, whatever the pushes do.

A listener is registered first, then the views are read, then it hears what came meanwhile. Once a second the heads
of the views are compared with what was given out, and what is missing is read.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

import orjson
from psycopg import Error as DatabaseError

from gateway.line import Line, Listener, Numbered, framed
from infra.push import Heard, channel
from schemas.port import Unavailable

COMPARE_SECONDS = 1.0
AGAIN_SECONDS = 0.2
"""After a join: what was pushed just before we heard the room is in the views by then."""
HOLE_SECONDS = 0.02
"""Before a hole is looked at again, then twice as long. An early push is ahead of the views by about this much."""
HOLE_AT_MOST_SECONDS = 0.5
PAGE = 25
"""How many frames a full page of the views has."""
TURN = 5
"""After how many of them others on the loop have their turn."""
PATIENCE = 50
SIGNED_OUT = "signed_out"  # said among gateways, never to a client: this person's sockets are to end
ABOUT_ONESELF = frozenset({"typing_indicator", "presence"})
AWAY = (DatabaseError, OSError, Unavailable)
log = logging.getLogger(__name__)


class NotInRoom(Exception):
    """There is no such room, or the person is not in it: which of the two is nobody's business."""


class Views(Protocol):
    """What the fan-out reads."""

    async def room_head(self, room_id: UUID, user_id: UUID) -> int:
        """The last `seq` of the room. Raises `NotInRoom`."""
        ...

    async def room_page(self, room_id: UUID, after: int) -> Numbered:
        """The history after `after`, ascending."""
        ...

    async def inbox_head(self, user_id: UUID) -> int:
        """The last number of the inbox before any hole."""
        ...

    async def inbox_page(self, user_id: UUID, after: int) -> Numbered:
        """The inbox after `after`, ascending; it may have holes."""
        ...

    async def heads(
        self, rooms: Sequence[UUID], users: Sequence[UUID]
    ) -> tuple[Mapping[UUID, int], Mapping[UUID, int]]:
        """Where each room's history and each person's inbox stands."""
        ...


class Channels(Protocol):
    """Where pushes come from."""

    async def subscribe(self, channel: str) -> None:
        """Return once pushes on `channel` arrive, or Redis turns out to be away."""
        ...

    def unsubscribe(self, channel: str) -> None:
        """Pushes on `channel` are of no interest any more."""
        ...


class Fanout:
    """The rooms and inboxes somebody at this gateway listens to."""

    def __init__(self, views: Views, channels: Channels) -> None:
        self._views = views
        self._channels = channels
        self._rooms: dict[UUID, Line] = {}
        self._users: dict[UUID, Line] = {}
        self._heard: dict[Listener, set[UUID]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._doubt = asyncio.Event()
        self._joined: set[UUID] = set()

    @property
    def figures(self) -> dict[str, int]:
        """How much is listened to."""
        return {"rooms": len(self._rooms), "people": len(self._users)}

    @property
    def filling(self) -> int:
        """How many lines are being filled from the views just now."""
        return len(self._tasks)

    def listens(self, listener: Listener, room_id: UUID) -> bool:
        """Whether `listener` hears the room now."""
        line = self._rooms.get(room_id)
        return line is not None and listener in line.live

    def given_out(self, room_id: UUID) -> int:
        """The last `seq` of the room that somebody here was told, 0 if nobody listens."""
        return 0 if (line := self._rooms.get(room_id)) is None else line.feed.head or 0

    async def join_room(self, listener: Listener, room_id: UUID, after: int | None) -> int:
        """Deliver the room after `after` (or nothing of the past), call it live; the last `seq` delivered.

        Raises `NotInRoom`, `Unavailable`.
        """
        line = self._room(room_id)
        line.joining += 1
        try:
            await self._channels.subscribe(line.channel)
            head = await self._views.room_head(room_id, listener.user_id)
            line.detach(listener)
            newest = max(head, line.feed.head or 0)
            has = newest if after is None else min(after, newest)
            has, inside = await self._catch_up(line, listener, has, newest)
            if not inside:
                raise NotInRoom
            line.attach(listener, has)
            self._heard.setdefault(listener, set()).add(room_id)
            self._look_again(room_id)
            return has
        finally:
            line.joining -= 1
            self._drop_idle(self._rooms, room_id)

    def leave_room(self, listener: Listener, room_id: UUID) -> None:
        """`listener` hears the room no more."""
        if (line := self._rooms.get(room_id)) is not None:
            line.detach(listener)
            self._drop_idle(self._rooms, room_id)
        self._heard.get(listener, set()).discard(room_id)

    async def resume_inbox(self, listener: Listener, after: int) -> int:
        """Deliver the inbox after `after`, then what is new; the last number delivered."""
        line = self._inbox(listener.user_id)
        line.joining += 1
        try:
            await self._channels.subscribe(line.channel)
            head = await self._views.inbox_head(listener.user_id)
            line.detach(listener)
            newest = max(head, line.feed.head or 0)
            has, _ = await self._catch_up(line, listener, min(after, newest), newest)
            line.attach(listener, has)
            return has
        finally:
            line.joining -= 1
            self._drop_idle(self._users, listener.user_id)

    def gone(self, listener: Listener) -> None:
        """The socket has ended."""
        for room_id in tuple(self._heard.pop(listener, ())):
            self.leave_room(listener, room_id)
        if (line := self._users.get(listener.user_id)) is not None:
            line.detach(listener)
            self._drop_idle(self._users, listener.user_id)

    def pushed(self, heard: Heard) -> None:
        """A push arrived on a channel of a room or a person."""
        line = (self._rooms if heard.kind == "room" else self._users).get(heard.id)
        if line is None:
            return
        if heard.frame.get("type") == SIGNED_OUT:
            for listener in tuple(line.live):
                listener.end(4401, "signed out")
            return
        if heard.seq == 0:
            about = heard.frame["data"]["userId"] if heard.frame["type"] in ABOUT_ONESELF else None
            line.whisper(orjson.dumps(heard.frame), UUID(about) if about else None)
            return
        line.emit(line.feed.push(heard.seq, framed(heard.frame)))
        if line.feed.behind:
            self._fill(line)

    async def compare(self) -> None:
        """Ask the views where everything stands, and fill what was missed."""
        await self._compare(list(self._rooms), list(self._users))

    async def _compare(self, among_rooms: Sequence[UUID], among_users: Sequence[UUID]) -> None:
        if not among_rooms and not among_users:
            return
        rooms, users = await self._views.heads(among_rooms, among_users)
        for lines, heads in ((self._rooms, rooms), (self._users, users)):
            for key, head in heads.items():
                if (line := lines.get(key)) is not None:
                    line.feed.known(head)
                    if line.feed.behind:
                        self._fill(line)

    def compare_soon(self) -> None:
        """Something was probably missed: do not wait for the next second."""
        self._doubt.set()

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

    def _room(self, room_id: UUID) -> Line:
        async def page(after: int) -> Numbered:
            return await self._views.room_page(room_id, after)

        return self._rooms.setdefault(room_id, Line(channel("room", room_id), page))

    def _inbox(self, user_id: UUID) -> Line:
        async def page(after: int) -> Numbered:
            return await self._views.inbox_page(user_id, after)

        return self._users.setdefault(user_id, Line(channel("user", user_id), page))

    def _drop_idle(self, lines: dict[UUID, Line], key: UUID) -> None:
        line = lines.get(key)
        if line is not None and line.idle:
            del lines[key]
            self._channels.unsubscribe(line.channel)

    async def _catch_up(self, line: Line, listener: Listener, has: int, newest: int) -> tuple[int, bool]:
        """Deliver to `listener` alone what the views hold after `has`, up to what the feed gave out at least.

        Who has everything up to `newest`, which was read after the line was heard, needs no page.
        Returns what it has then, and whether its person is (still) in: the views said so before this was called.
        Nothing waits between the last look at the feed and the return.
        """
        inside = True
        for _ in range(PATIENCE):
            full = has < newest
            while full:
                numbered = await line.page(has)
                full = len(numbered) >= PAGE
                for number, item in numbered:
                    if number != has + 1:
                        full = False
                        break
                    has = number
                    listener.deliver(item.frame)
                    await listener.drained()
                    if not number % TURN:
                        await asyncio.sleep(0)  # others are heard while somebody comes back from far away
                    if item.left == listener.user_id:
                        inside = False
                    elif item.joined == listener.user_id:
                        inside = True
                line.emit(line.feed.fill(numbered))
            if has >= (line.feed.head or 0):
                return has, inside
            newest = line.feed.head or 0
            await asyncio.sleep(0.02)
        raise Unavailable("the views are behind what was already delivered")

    def _look_again(self, room_id: UUID) -> None:
        """Compare the rooms just joined once more, soon."""
        if not self._joined:
            asyncio.get_running_loop().call_later(AGAIN_SECONDS, self._begin, self._compare_joined)
        self._joined.add(room_id)

    async def _compare_joined(self) -> None:
        joined, self._joined = self._joined, set()
        try:
            await self._compare([room_id for room_id in joined if room_id in self._rooms], [])
        except AWAY as error:
            log.warning("cannot compare with the views: %s", error)

    def _fill(self, line: Line) -> None:
        """Read what `line` is missing, unless that is under way."""
        if not line.filling:
            line.filling = True
            self._begin(self._read_missing, line)

    def _begin(self, work: Callable[..., Coroutine[Any, Any, None]], *arguments: Any) -> None:
        task = asyncio.create_task(work(*arguments))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read_missing(self, line: Line) -> None:
        pause = HOLE_SECONDS
        try:
            while line.feed.behind and not line.idle:
                before = line.feed.head
                line.emit(line.feed.fill(await line.page(before or 0)))
                if line.feed.head == before:
                    if pause > HOLE_AT_MOST_SECONDS:
                        return  # the next push or comparison comes back to it
                    await asyncio.sleep(pause)
                    pause *= 2
        except AWAY as error:
            log.warning("cannot fill %s yet: %s", line.channel, error)
        finally:
            line.filling = False
