"""What all aggregates are: an `eventsourcing` aggregate whose events carry data of the catalogue, and one state.

Pure: what happens is told to an aggregate together with who, when and by which command (`Meta`).
"""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Self, cast
from uuid import UUID

from eventsourcing.domain import Aggregate, AggregateCreated
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from schemas.base import EventData
from schemas.envelope import Meta


class State(BaseModel):
    """What an aggregate remembers. Personal fields are marked as in events, so that snapshots are sealed too."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Sourced(Aggregate):
    """An aggregate. Decisions check every rule first and then `say` what happened, so a refused one says nothing."""

    NAME: ClassVar[str]
    """Its stable name, for snapshots."""
    STATE: ClassVar[type[State]]
    ORDER: ClassVar[int]
    """Where its events stand among those of one command. The last is the one whose position the sender waits for."""

    class Event(Aggregate.Event):
        """One event of the catalogue in this aggregate's stream."""

        data: EventData
        meta: Meta

        def apply(self, aggregate: Any) -> None:
            aggregate.when(self.data, self.timestamp)

    class Created(Event, AggregateCreated):
        """The first event of a stream."""

    @classmethod
    def begin(cls, stream_id: UUID, data: EventData, meta: Meta) -> Self:
        """A new aggregate, of which `data` is the first event."""
        return cls._create(cls.Created, id=stream_id, timestamp=meta.at, data=data, meta=meta)

    def say(self, data: EventData, meta: Meta) -> None:
        """This happened."""
        self.trigger_event(type(self).Event, timestamp=meta.at, data=data, meta=meta)

    def remember(self, state: State) -> None:
        """Begin with this state, at the first event or from a snapshot."""
        self._state = state

    @abstractmethod
    def when(self, data: EventData, at: datetime) -> None:
        """Take `data`, which happened at `at`, into the state. Refuses nothing: it happened."""

    def said(self) -> "Sequence[Sourced.Event]":
        """What was said since the last call."""
        return cast("Sequence[Sourced.Event]", self.collect_events())

    @property
    def quiet(self) -> bool:
        """Whether nothing was said since the last `said`."""
        return not self.pending_events
