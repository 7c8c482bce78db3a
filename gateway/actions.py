"""What a session asks its socket to do. `slot` names the client frame that is answered when it is done."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from gateway.tokens import Claims
from schemas.commands import Command


@dataclass(frozen=True, slots=True)
class Send:
    """Write a frame to this socket."""

    frame: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """Write this as it is: a codec's own affair."""

    packet: bytes


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Open:
    """The person is known: register the socket, and find where their inbox stands. `again` after the first time."""

    slot: int
    claims: Claims
    again: bool


@dataclass(frozen=True, slots=True)
class Execute:
    """Carry out a command, under the limit named."""

    slot: int
    command: Command
    command_id: UUID
    limit: Literal["messages"] | None = None
    traceparent: str = ""


@dataclass(frozen=True, slots=True)
class Join:
    """Listen to a room after `after_seq`, or from its present end."""

    slot: int
    room_id: UUID
    after_seq: int | None


@dataclass(frozen=True, slots=True)
class Leave:
    """Stop listening to a room."""

    slot: int
    room_id: UUID


@dataclass(frozen=True, slots=True)
class Resume:
    """Bring everything after these numbers."""

    slot: int
    inbox_seq: int
    rooms: tuple[tuple[UUID, int], ...]


@dataclass(frozen=True, slots=True)
class Typing:
    """Tell a room that the sender is writing, or has stopped."""

    slot: int
    room_id: UUID
    is_typing: bool


@dataclass(frozen=True, slots=True)
class Look:
    """The person sees this client, or does not any more."""

    slot: int
    visible: bool


Work = Open | Execute | Join | Leave | Resume | Typing | Look
Action = Send | Reply | Close | Work
