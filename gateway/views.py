"""The views as the fan-out reads them: frames by number, for those who may have them."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from gateway.fanout import PAGE, NotInRoom
from gateway.line import Numbered, framed
from projections.queries.inbox import inbox_frames, unbroken_head
from projections.queries.progress import heads
from projections.queries.reading import Pool
from projections.queries.rooms import member_head, room_frames

LATELY = 20
"""How many of the newest notifications may still have a hole among them."""


class QueriedViews:
    """`gateway.fanout.Views` over `projections.queries`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def room_head(self, room_id: UUID, user_id: UUID) -> int:
        """The last `seq` of the room. Raises `NotInRoom`."""
        head = await member_head(self._pool, room_id, user_id)
        if head is None:
            raise NotInRoom
        return head

    async def room_page(self, room_id: UUID, after: int) -> Numbered:
        """The history after `after`, ascending."""
        found = await room_frames(self._pool, room_id, after, PAGE)
        return [(seq, framed(frame)) for seq, frame in found]

    async def inbox_head(self, user_id: UUID) -> int:
        """The last number of the inbox before any hole that may still close."""
        return await unbroken_head(self._pool, user_id, LATELY)

    async def inbox_page(self, user_id: UUID, after: int) -> Numbered:
        """The inbox after `after`, ascending, up to the first hole."""
        found = await inbox_frames(self._pool, user_id, after, PAGE)
        return [(number, framed(frame)) for number, frame in found]

    async def heads(
        self, rooms: Sequence[UUID], users: Sequence[UUID]
    ) -> tuple[Mapping[UUID, int], Mapping[UUID, int]]:
        """Where each room's history and each person's inbox stands."""
        found = await heads(self._pool, rooms, users)
        return found.rooms, found.users
