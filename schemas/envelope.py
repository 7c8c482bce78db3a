"""What surrounds the data: the recorded event, the context of a command, and its outcome."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from schemas.base import EventData
from schemas.topics import partition_of


@dataclass(frozen=True, slots=True)
class Meta:
    """Who caused an event, when, and by which command. The ids are those of the command."""

    at: datetime
    actor_id: UUID
    command_id: UUID
    correlation_id: UUID
    causation_id: str
    """The `event_id` of the event, or the id of the request, that caused the command."""
    traceparent: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it stands in the store and on Kafka."""

    position: int
    """Place in the whole log, from 1 without gaps."""
    stream_id: UUID
    """The aggregate."""
    version: int
    """Place in the aggregate's stream, from 1 without gaps."""
    data: EventData
    meta: Meta

    @property
    def event_id(self) -> str:
        """`ce_id`: the same for every copy of this event, for ever."""
        return f"{self.stream_id}:{self.version}"

    @property
    def type(self) -> str:
        return self.data.TYPE

    @property
    def topic(self) -> str:
        return self.data.TOPIC

    @property
    def partition(self) -> int:
        return partition_of(self.data.TOPIC, self.data.partition_key)


@dataclass(frozen=True, slots=True)
class Received:
    """An event as read from Kafka: with `previous`, the position before it on its partition (0 for the first)."""

    event: Event
    previous: int


@dataclass(frozen=True, slots=True)
class Context:
    """What comes with a command: its id, scoped to the user, and what it is part of."""

    command_id: UUID
    user_id: UUID
    """Who sends it; `schemas.ids.SYSTEM` for the matcher and the clock."""
    at: datetime
    """Now, timezone aware."""
    correlation_id: UUID
    causation_id: str = ""
    traceparent: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The stored answer to a command. The same command again gets an equal one."""

    position: int
    """Of the last event it caused; 0 if it changed nothing."""
    topic: str
    partition: int
    result: dict[str, Any] = field(default_factory=dict)
    """What the sender is answered, camelCase names, JSON types only."""
