"""Where the fan-out's frames come from: the views, which hold everything, and the channels of pushes, which are faster."""

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from psycopg import Error as DatabaseError

from gateway.line import Numbered
from schemas.port import Unavailable

PAGE = 25
"""How many frames a full page of the views has."""
AWAY = (DatabaseError, OSError, Unavailable)
"""What the views raise while their store is away."""


class NotInRoom(Exception):
    """There is no such room, or the person is not in it: which of the two is nobody's business."""


class Views(Protocol):
    """What the fan-out reads."""

    async def room_entry(self, room_id: UUID, user_id: UUID, after: int | None) -> tuple[int, Numbered]:
        """The last `seq` of the room, and the first few of its history after `after`, if that is given. Raises `NotInRoom`."""
        ...

    async def appended(self, room_id: UUID) -> int:
        """The last `seq` of the room in the event store, which the views may not hold yet."""
        ...

    async def room_page(self, room_id: UUID, after: int, most: int = PAGE) -> Numbered:
        """The first `most` (`PAGE` at most) of the history after `after`, ascending."""
        ...

    async def inbox_head(self, user_id: UUID) -> int:
        """The last number of the inbox before any hole."""
        ...

    async def inbox_page(self, user_id: UUID, after: int, most: int = PAGE) -> Numbered:
        """The first `most` (`PAGE` at most) of the inbox after `after`, ascending; it may have holes."""
        ...

    async def heads(
        self, rooms: Mapping[UUID, int], users: Mapping[UUID, int]
    ) -> tuple[Mapping[UUID, int], Mapping[UUID, int]]:
        """Where the rooms' histories and the people's inboxes stand that are beyond the numbers given."""
        ...


class Channels(Protocol):
    """Where pushes come from."""

    async def subscribe(self, channel: str) -> None:
        """Return once pushes on `channel` arrive, or Redis turns out to be away."""
        ...

    def unsubscribe(self, channel: str) -> None:
        """Pushes on `channel` are of no interest any more."""
        ...
