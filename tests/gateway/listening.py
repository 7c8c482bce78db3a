"""Rooms and inboxes in memory, and listeners that keep what they hear, for the tests of the fan-out."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import orjson

from gateway.fanout import Fanout
from gateway.line import Numbered, framed
from gateway.sources import PAGE, NotInRoom
from infra.push import Heard

ROOM, ME, YOU = uuid4(), uuid4(), uuid4()


async def _nothing() -> None:
    """What happens meanwhile, unless a test says otherwise."""


class MemoryViews:
    """Histories and inboxes in memory, read as slowly as the test likes."""

    def __init__(self) -> None:
        self.items: dict[UUID, dict[int, dict[str, Any]]] = {}
        self.members: dict[UUID, set[UUID]] = {}
        self.gate: asyncio.Event | None = None
        self.appended_beyond = 0
        """How many items of a room are in the event store and not here yet."""
        self.first = 0
        """How much of the past comes with the answer about a room's head."""
        self.meanwhile: Callable[[], Awaitable[None]] = _nothing
        """What happens between the answer about a room's head and its arrival."""

    def add(self, of: UUID, number: int, frame: dict[str, Any]) -> Heard:
        """Commit one item; the push that would follow."""
        self.items.setdefault(of, {})[number] = frame
        return Heard("room" if of == ROOM else "user", of, number, frame)

    async def room_entry(self, room_id: UUID, user_id: UUID, after: int | None) -> tuple[int, Numbered]:
        await asyncio.sleep(0)
        if user_id not in self.members.get(room_id, set()):
            raise NotInRoom
        items = sorted(self.items.get(room_id, {}).items())
        head = max((n for n, _ in items), default=0)
        later = [(n, framed(f)) for n, f in items if after is not None and n > after]
        await self.meanwhile()
        return head, later[: self.first]

    async def appended(self, room_id: UUID) -> int:
        await asyncio.sleep(0)
        return max(self.items.get(room_id, {}), default=0) + self.appended_beyond

    async def room_page(self, room_id: UUID, after: int, most: int = PAGE) -> Numbered:
        await asyncio.sleep(0)
        found = [(n, framed(f)) for n, f in sorted(self.items.get(room_id, {}).items()) if n > after]
        await asyncio.sleep(0)
        if self.gate is not None:
            await self.gate.wait()
        return found[:most]

    async def inbox_head(self, user_id: UUID) -> int:
        page = await self.inbox_page(user_id, 0, len(self.items.get(user_id, {})))
        return page[-1][0] if page else 0

    async def inbox_page(self, user_id: UUID, after: int, most: int = PAGE) -> Numbered:
        await asyncio.sleep(0)
        page: Numbered = []
        while len(page) < most and (number := after + len(page) + 1) in self.items.get(user_id, {}):
            page.append((number, framed(self.items[user_id][number])))
        return page

    async def heads(
        self, rooms: Mapping[UUID, int], users: Mapping[UUID, int]
    ) -> tuple[Mapping[UUID, int], Mapping[UUID, int]]:
        def beyond(known: Mapping[UUID, int]) -> Mapping[UUID, int]:
            heads = {key: max(self.items.get(key, {}), default=0) for key in known}
            return {key: head for key, head in heads.items() if head > known[key]}

        return beyond(rooms), beyond(users)


class Channels:
    """Remembers what is subscribed."""

    def __init__(self) -> None:
        self.open: set[str] = set()

    async def subscribe(self, channel: str) -> None:
        self.open.add(channel)
        await asyncio.sleep(0)

    def unsubscribe(self, channel: str) -> None:
        self.open.discard(channel)


class Recorder:
    """A listener that keeps what it hears."""

    def __init__(self, user_id: UUID = ME, sign_in: UUID | None = None) -> None:
        self.user_id = user_id
        self.sign_in = sign_in
        self.frames: list[dict[str, Any]] = []
        self.ended: list[int] = []

    def deliver(self, frame: bytes, ephemeral: bool = False) -> None:
        self.frames.append(orjson.loads(frame))

    async def catch_up(self, frames: Sequence[bytes]) -> None:
        for frame in frames:
            self.deliver(frame)
            await asyncio.sleep(0)

    def end(self, code: int, reason: str) -> None:
        self.ended.append(code)

    @property
    def seqs(self) -> list[int]:
        return [frame["data"]["seq"] for frame in self.frames if "seq" in frame["data"]]


def message(number: int) -> dict[str, Any]:
    return {"type": "new_message", "data": {"roomId": str(ROOM), "seq": number}}


def moved(kind: str, number: int, who: UUID) -> dict[str, Any]:
    return {"type": kind, "data": {"roomId": str(ROOM), "seq": number, "userId": str(who)}}


async def settled(fanout: Fanout) -> None:
    """Compare, and wait until everything that was missing has been read."""
    await fanout.comparison.compare()
    while fanout.comparison.filling:
        await asyncio.sleep(0)


def world() -> tuple[MemoryViews, Channels, Fanout]:
    views, channels = MemoryViews(), Channels()
    views.members[ROOM] = {ME, YOU}
    return views, channels, Fanout(views, channels)
