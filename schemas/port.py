"""The command port, the one way to change anything, and the other ports that cross the layers.

Each process's `__main__.py` wires the real ones.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from schemas.commands import Command
from schemas.envelope import Context, Event, Outcome

ErrorCode = Literal[
    "malformed",
    "unknown_type",
    "invalid",
    "unauthenticated",
    "forbidden",
    "not_found",
    "conflict",
    "capacity",
    "offer_closed",
    "room_closed",
    "rate_limited",
    "too_large",
    "unavailable",
]


class Refused(Exception):
    """A command broke a rule; nothing has changed. Subclasses in `commands/` are named after the rule."""

    code: ErrorCode = "conflict"

    def __init__(self, message: str, *, code: ErrorCode | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        if code is not None:
            self.code = code


class Unavailable(Exception):
    """The event store cannot be reached now; whether the command took effect is unknown. Send it again."""


class CommandPort(Protocol):
    """Decides commands and appends their events."""

    async def execute(self, command: Command, context: Context) -> Outcome:
        """Return once the events are in the event store.

        Raises `Refused` if a rule forbids it, `Unavailable` if the store is away.
        """
        ...

    def tell(self, appended: "Appended") -> None:
        """From now on `appended` is called with what commands of this port append, once it is in the store."""
        ...


Appended = Callable[[Sequence[Event]], None]
"""Hears of events in their order, on the port's event loop. A process that dies between the append and the call has
told nobody: whoever must not miss an event reads the log."""


@dataclass(frozen=True, slots=True)
class ExpertFeatures:
    """What the views know of one expert, for ranking."""

    expert_id: UUID
    capacity: int
    available: bool
    open_rooms: int
    open_offers: int
    offered: int
    accepted: int
    declined: int
    expired: int
    response_seconds_sum: float
    """Over accepted and declined offers."""
    rating_sum: int
    rating_count: int
    last_active_at: datetime | None
    demo: bool


class FeatureSource(Protocol):
    """Where the matcher asks what is known of experts."""

    async def features(self, expert_ids: Sequence[UUID]) -> Mapping[UUID, ExpertFeatures]:
        """The features of those that are known; unknown ids are left out."""
        ...


class Presence(Protocol):
    """Who is connected now."""

    async def online(self, user_ids: Sequence[UUID]) -> set[UUID]:
        """Those of `user_ids` with an open socket at any gateway."""
        ...
