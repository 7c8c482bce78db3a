"""Where handlers find the aggregates they decide with, and where what was said is gathered, command by command.

A turn has one desk. What an earlier command of the turn did is seen by the later ones.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from commands.account import Account
from commands.rules import Rules
from commands.sourced import Sourced
from schemas.base import EventData

S = TypeVar("S", bound=Sourced)


class Source(Protocol):
    """What a desk is filled from, inside the transaction."""

    def load(self, ids: Sequence[UUID]) -> Mapping[UUID, Sourced]:
        """The aggregates with these ids that exist."""
        ...

    def event(self, stream_id: UUID, version: int) -> EventData | None:
        """One event that is stored already."""
        ...

    def claim(self, user_id: UUID, username: str, email: str, password_hash: str, at: datetime) -> str | None:
        """Keep the credentials of a new account, or say which field is taken."""
        ...

    def change_email(self, user_id: UUID, email: str) -> bool:
        """Change an e-mail; false if it is another's."""
        ...

    def erase(self, user_id: UUID, at: datetime) -> None:
        """Delete a person's key, credentials and sessions, and note that they are forgotten."""
        ...


class Desk:
    """The aggregates of one turn."""

    def __init__(self, source: Source, rules: Rules) -> None:
        self.source = source
        self.rules = rules
        self.said: list[Sourced.Event] = []
        """Everything said in this turn, in order."""
        # Keyed by the number of the id: a UUID computes its hash in Python, and this is asked most of all.
        self._known: dict[int, Sourced | None] = {}
        self._touched: dict[int, Sourced] = {}
        self._changed: dict[int, Sourced] = {}

    def fetch(self, ids: Sequence[UUID]) -> None:
        """Bring these aggregates in one go, those that exist."""
        if wanted := [id_ for id_ in ids if id_.int not in self._known]:
            found = self.source.load(wanted)
            for id_ in wanted:
                self._known[id_.int] = found.get(id_)

    def get(self, kind: type[S], id_: UUID) -> S | None:
        """The aggregate of this kind and id, if there is one."""
        aggregate = self._any(id_)
        if not isinstance(aggregate, kind):
            return None
        self._touched[id_.int] = aggregate
        return aggregate

    def taken(self, id_: UUID) -> bool:
        """Whether there is a stream of any kind with this id."""
        return self._any(id_) is not None

    def add(self, aggregate: Sourced) -> None:
        """A new aggregate."""
        self._known[aggregate.id.int] = self._touched[aggregate.id.int] = aggregate

    def name_of(self, user_id: UUID) -> str:
        """The name a person is shown by, empty for nobody."""
        account = self.get(Account, user_id)
        return account.state.display_name if account else ""

    def event(self, stream_id: UUID, version: int) -> EventData | None:
        """One event, of this turn or before."""
        for event in self.said:
            if event.originator_id == stream_id and event.originator_version == version:
                return event.data
        return self.source.event(stream_id, version)

    def begin(self) -> None:
        """Another command."""
        self._touched = {}

    def _any(self, id_: UUID) -> Sourced | None:
        if id_.int not in self._known:
            self.fetch((id_,))
        return self._known[id_.int]

    @property
    def quiet(self) -> bool:
        """Whether the command said nothing so far."""
        return all(aggregate.quiet for aggregate in self._touched.values())

    def gather(self) -> list[Sourced.Event]:
        """What the command said; the events of a conversation last."""
        ordered = sorted(self._touched.values(), key=lambda aggregate: aggregate.ORDER)
        events = [event for aggregate in ordered for event in aggregate.said()]
        self.said += events
        for event in events:
            self._changed[event.originator_id.int] = self._touched[event.originator_id.int]
        return events

    @property
    def changed(self) -> Collection[Sourced]:
        """The aggregates of which something was gathered."""
        return self._changed.values()
