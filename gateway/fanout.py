"""From pushes and views to sockets: every listener gets each number once, in order, whatever the pushes do.

A listener is registered first, then the views are read, then it hears what came meanwhile. What the pushes did not bring
is found by `comparison`.
"""

import asyncio
import time
from collections.abc import Iterator
from uuid import UUID

import orjson

from gateway.comparison import Comparison
from gateway.line import Line, Listener, Numbered, framed
from gateway.sources import PAGE, Channels, NotInRoom, Views
from infra.push import Heard, channel
from schemas.port import Unavailable

LONG_PAGES = 8
REST = 4
REST_AT_MOST_SECONDS = 0.05
"""Who has missed more than so many pages leaves the machine to others after each for so many times as long as the page took:
the busier it is, the longer a page takes, and the longer the rest."""
PATIENCE = 50
PAUSE_SECONDS = 0.02
BEHIND = "the views are behind what was already delivered"
SIGNED_OUT = "signed_out"  # said among gateways, never to a client: this person's sockets are to end
ABOUT_ONESELF = frozenset({"typing_indicator", "presence"})


class Fanout:
    """The rooms and inboxes somebody at this gateway listens to."""

    def __init__(self, views: Views, channels: Channels) -> None:
        self._views = views
        self._channels = channels
        self._room_page, self._inbox_page = views.room_page, views.inbox_page
        self._rooms: dict[UUID, Line] = {}
        self._users: dict[UUID, Line] = {}
        self._heard: dict[Listener, set[UUID]] = {}
        self.comparison = Comparison(views, self._rooms, self._users)

    @property
    def figures(self) -> dict[str, int]:
        """How much is listened to."""
        return {"rooms": len(self._rooms), "people": len(self._users)}

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
        line.begin_joining()
        try:
            await self._channels.subscribe(line.channel)
            head, first = await self._entry(line, listener, after)
            line.detach(listener)
            newest = max(head, line.feed.head or 0)
            has = newest if after is None else min(after, newest)
            has, inside = await self._catch_up(line, listener, has, newest, first)
            # What was given out since the views said who is in, and was not read as a page, may say otherwise.
            if not inside or line.moved_since(listener.user_id, head) is False:
                raise NotInRoom
            line.attach(listener, has)
            if listener not in line.live:
                raise NotInRoom  # they left by what had come meanwhile
            self._heard.setdefault(listener, set()).add(room_id)
            self.comparison.again(room_id)
            return has
        finally:
            line.end_joining()
            self._drop_idle(self._rooms, room_id)

    def leave_room(self, listener: Listener, room_id: UUID) -> None:
        """`listener` hears the room no more."""
        if (line := self._rooms.get(room_id)) is not None:
            line.detach(listener)
            self._drop_idle(self._rooms, room_id)
        self._heard.get(listener, set()).discard(room_id)

    async def came(self, listener: Listener) -> None:
        """An authenticated socket: once this returns, a sign-out said at any gateway ends it."""
        line = self._inbox(listener.user_id)
        line.here = (*line.here, listener)
        await self._channels.subscribe(line.channel)

    def here(self) -> Iterator[Listener]:
        """Every authenticated socket of this gateway."""
        for line in self._users.values():
            yield from line.here

    async def resume_inbox(self, listener: Listener, after: int, known: int | None = None) -> int:
        """Deliver the inbox after `after`, then what is new; the last number delivered.

        `known` is where the inbox stood at any time after `came`.
        """
        line = self._inbox(listener.user_id)
        line.begin_joining()
        try:
            await self._channels.subscribe(line.channel)
            head = known
            if head is None or after > head:
                head = await self._views.inbox_head(listener.user_id)
            line.detach(listener)
            newest = max(head, line.feed.head or 0)
            has, _ = await self._catch_up(line, listener, min(after, newest), newest)
            line.attach(listener, has)
            return has
        finally:
            line.end_joining()
            self._drop_idle(self._users, listener.user_id)

    def gone(self, listener: Listener) -> None:
        """The socket has ended."""
        for room_id in tuple(self._heard.pop(listener, ())):
            self.leave_room(listener, room_id)
        if (line := self._users.get(listener.user_id)) is not None:
            line.here = tuple(one for one in line.here if one is not listener)
            line.detach(listener)
            self._drop_idle(self._users, listener.user_id)

    def pushed(self, heard: Heard) -> None:
        """A push arrived on a channel of a room or a person."""
        line = (self._rooms if heard.kind == "room" else self._users).get(heard.id)
        if line is None:
            return
        if heard.frame.get("type") == SIGNED_OUT:
            ended = heard.frame["data"].get("signIn")
            for listener in line.here:
                if ended is None or str(listener.sign_in) == ended:
                    listener.end(4401, "signed out")
            return
        if heard.seq == 0:
            about = heard.frame["data"]["userId"] if heard.frame["type"] in ABOUT_ONESELF else None
            line.whisper(orjson.dumps(heard.frame), UUID(about) if about else None)
            return
        line.emit(line.feed.push(heard.seq, framed(heard.frame)))
        self.comparison.fill(line)

    def _room(self, room_id: UUID) -> Line:
        if (line := self._rooms.get(room_id)) is None:
            line = self._rooms[room_id] = Line(channel("room", room_id), room_id, self._room_page)
        return line

    def _inbox(self, user_id: UUID) -> Line:
        if (line := self._users.get(user_id)) is None:
            line = self._users[user_id] = Line(channel("user", user_id), user_id, self._inbox_page)
        return line

    def _drop_idle(self, lines: dict[UUID, Line], key: UUID) -> None:
        line = lines.get(key)
        if line is not None and line.idle:
            del lines[key]
            self._channels.unsubscribe(line.channel)

    async def _entry(self, line: Line, listener: Listener, after: int | None) -> tuple[int, Numbered]:
        """What the views say of the room once they hold everything up to `after`.

        Another gateway told of messages at their append, before any view had them; whoever comes from there has more than
        the views. Who claims to have what was never appended is not waited for.
        """
        head, first = await self._views.room_entry(line.key, listener.user_id, after)
        if after is None or after <= max(head, line.feed.head or 0):
            return head, first
        heard = min(after, await self._views.appended(line.key))
        for _ in range(PATIENCE):
            if heard <= head:
                return head, first
            await asyncio.sleep(PAUSE_SECONDS)
            head, first = await self._views.room_entry(line.key, listener.user_id, after)
        raise Unavailable(BEHIND)

    async def _catch_up(
        self, line: Line, listener: Listener, has: int, newest: int, first: Numbered | None = None
    ) -> tuple[int, bool]:
        """Deliver to `listener` alone what the views hold after `has`, up to what the feed gave out at least. `first` are
        the next ones, as far as they were read already.

        Who has everything up to `newest`, which was read after the line was heard, needs no page.
        Returns what it has then, and whether its person is (still) in: the views said so before this was called.
        Nothing waits between the last look at the feed and the return.
        """
        inside, clock = True, time.monotonic
        for _ in range(PATIENCE):
            pages, took = 0, 0.0
            while has < newest:
                if (pages := pages + 1) > LONG_PAGES:
                    # Others are heard while somebody comes back from far away.
                    await asyncio.sleep(min(REST * took, REST_AT_MOST_SECONDS))
                began = clock()
                # Few frames are read for many at once: who missed one is asked about with hundreds of others.
                numbered = first or await line.page(has, min(PAGE, newest - has))
                first, before, took = None, has, clock() - began
                page: list[bytes] = []
                for number, item in numbered:
                    if number != has + 1:
                        break
                    has = number
                    page.append(item.frame)
                    if item.left == listener.user_id:
                        inside = False
                    elif item.joined == listener.user_id:
                        inside = True
                await listener.catch_up(page)
                line.emit(line.feed.fill(numbered))
                if has == before:
                    break
            if has >= (line.feed.head or 0):
                return has, inside
            newest = line.feed.head or 0
            await asyncio.sleep(PAUSE_SECONDS)
        raise Unavailable(BEHIND)
