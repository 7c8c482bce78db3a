"""The views as the fan-out reads them: frames by number, for those who may have them."""

from collections.abc import Mapping
from functools import partial
from uuid import UUID

from gateway.line import Numbered, framed
from gateway.sources import PAGE, NotInRoom
from gateway.together import Together
from infra.log import EventLog
from projections.queries.inbox import LATELY, inbox_frames, unbroken_heads
from projections.queries.progress import heads
from projections.queries.reading import Pool
from projections.queries.rooms import entries, room_frames

MANY = 500
"""How many heads are asked for at once, and pages with how many frames in all."""
FIRST = 2
"""Frames of a room read with the question who is in it: most who come back have missed no more."""


class QueriedViews:
    """`gateway.sources.Views` over `projections.queries`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._log = EventLog(pool)
        self._room_entries = Together(partial(entries, pool), MANY // FIRST)
        self._inbox_heads = Together(partial(unbroken_heads, pool, lately=LATELY), MANY)
        self._room_pages = Together(partial(room_frames, pool), MANY, _frames)
        self._inbox_pages = Together(partial(inbox_frames, pool), MANY, _frames)

    async def room_entry(self, room_id: UUID, user_id: UUID, after: int | None) -> tuple[int, Numbered]:
        """The last `seq` of the room, and the first `FIRST` of its history after `after`. Raises `NotInRoom`."""
        past = (0, 0) if after is None else (after, FIRST)
        found = await self._room_entries.of((room_id, user_id, *past))
        if found is None:
            raise NotInRoom
        head, first = found
        return head, [(seq, framed(frame)) for seq, frame in first]

    async def appended(self, room_id: UUID) -> int:
        """The last `seq` of the room in the event store: opening, its first event, takes none."""
        return max(0, await self._log.version(room_id) - 1)

    async def room_page(self, room_id: UUID, after: int, most: int = PAGE) -> Numbered:
        """The first `most` of the history after `after`, ascending."""
        found = await self._room_pages.of((room_id, after, most))
        return [(seq, framed(frame)) for seq, frame in found]

    async def inbox_head(self, user_id: UUID) -> int:
        """The last number of the inbox before any hole that may still close."""
        return await self._inbox_heads.of(user_id)

    async def inbox_page(self, user_id: UUID, after: int, most: int = PAGE) -> Numbered:
        """The first `most` of the inbox after `after`, ascending, up to the first hole."""
        found = await self._inbox_pages.of((user_id, after, most))
        return [(number, framed(frame)) for number, frame in found]

    async def heads(
        self, rooms: Mapping[UUID, int], users: Mapping[UUID, int]
    ) -> tuple[Mapping[UUID, int], Mapping[UUID, int]]:
        """Where the rooms' histories and the people's inboxes stand that are beyond the numbers given."""
        found = await heads(self._pool, rooms, users)
        return found.rooms, found.users


def _frames(asked: tuple[UUID, int, int]) -> int:
    """How many frames a page has at most."""
    return asked[2]
