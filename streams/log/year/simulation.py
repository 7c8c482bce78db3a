"""A made-up year as commands in the order of their time: people ask, are matched, answer, talk, and are rated.

Everything that happens is decided by the writer it is given, with the real rules; what it answers brings what
comes next. No clock of its own: the same seed gives the same events.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Protocol
from uuid import UUID

from schemas.commands import Command
from schemas.commands.account import RegisterAccount
from schemas.commands.expert import SetExpertProfile, SpecialtyGiven
from schemas.envelope import Context, Event
from schemas.port import Refused
from streams.log.year.fields import FIELDS, Field
from streams.log.year.people import Adept, Person, adepts, id_at, people
from streams.log.year.rhythm import arrivals
from streams.log.year.story import Action, Later, Story


@dataclass(frozen=True, slots=True)
class Size:
    """How much is to happen."""

    start: datetime
    days: int = 365
    askers: int = 4_000
    experts: int = 400
    questions: int = 40_000


class Writer(Protocol):
    """Decides commands at once (`commands.bulk.Bulk`)."""

    def execute(self, command: Command, context: Context) -> Sequence[Event]: ...

    def forget(self, ids: Iterable[UUID]) -> None: ...


class Year:
    """The whole of it; `run` makes it happen."""

    def __init__(self, writer: Writer, size: Size, seed: int) -> None:
        self.writer = writer
        self.size = size
        self.random = Random(seed)
        self._heap: list[tuple[datetime, int, Action]] = []
        self._count = 0
        self.experts = list(adepts(size.start, size.experts, self.random))
        self.askers = list(people(size.start, size.askers, self.random))
        self._there: list[Adept] = []
        self._joined: set[UUID] = set()

    def run(self) -> Iterator[int]:
        """Lets everything happen; yields how many questions were asked since the last time."""
        for number, expert in enumerate(self.experts):
            early = number % 5 < 3
            day = self.random.uniform(0, 5 if early else self.size.days * 0.9)
            self._plan([Later(self.size.start + timedelta(days=day), partial(self._arrives, expert, day))])
        random = Random(self.random.random())
        for at, burst in arrivals(self.size.start, self.size.days, self.size.questions, random):
            self._until(at)
            self._plan(self._ask(at, burst))
            yield 1
        self._until(self.size.start + timedelta(days=self.size.days))

    def tell(
        self,
        command: Command,
        user: UUID,
        at: datetime,
        because: Event | None = None,
        id_: UUID | None = None,
    ) -> Sequence[Event]:
        """The events of a command, none if it was refused."""
        command_id = id_ or id_at(at, self.random)
        correlation = because.meta.correlation_id if because else command_id
        context = Context(command_id, user, at, correlation, because.event_id if because else str(command_id))
        with suppress(Refused):
            return self.writer.execute(command, context)
        return ()

    def fit(self, field: Field, korean: bool) -> list[Adept]:
        """The experts of a field who are there and speak the language."""
        return [one for one in self._there if field in one.fields and one.speaks(korean)]

    def forget(self, ids: Iterable[UUID]) -> None:
        """These aggregates are not needed again."""
        self.writer.forget(ids)

    def _until(self, at: datetime) -> None:
        while self._heap and self._heap[0][0] <= at:
            _, _, action = heapq.heappop(self._heap)
            self._plan(action())

    def _plan(self, things: Iterable[Later]) -> None:
        for later in things:
            self._count += 1
            heapq.heappush(self._heap, (later.at, self._count, later.action))

    def _arrives(self, expert: Adept, day: float) -> Iterable[Later]:
        at = self.size.start + timedelta(days=day)
        self._register(expert, "expert", at)
        words = [
            word for field in expert.fields for word in (field.korean if expert.korean else field.english)
        ]
        self.tell(
            SetExpertProfile(
                specialties=tuple(SpecialtyGiven(name=w, level=1 + round(expert.skill * 4)) for w in words),
                experience_years=round(expert.skill * 25),
                bio=("저는 {} 일을 해요." if expert.korean else "I work with {}.").format(", ".join(words)),
                capacity=expert.capacity,
            ),
            expert.id,
            at,
        )
        self._there.append(expert)
        return ()

    def _register(self, person: Person, role: str, at: datetime) -> None:
        account = {
            "userId": person.id,
            "username": person.username,
            "email": f"{person.username}@example.org",
            "passwordHash": "!",
            "role": role,
            "displayName": person.name,
        }
        self.tell(RegisterAccount.model_validate(account), person.id, at)

    def _ask(self, at: datetime, burst: int | None) -> Iterable[Later]:
        asker = self.askers[int(len(self.askers) * self.random.random() ** 2)]
        if asker.id not in self._joined:
            self._joined.add(asker.id)
            self._register(asker, "questioner", at)
        about_burst = burst is not None and self.random.random() < 0.85
        field = (
            FIELDS[(burst or 0) * 5 % len(FIELDS)]
            if about_burst
            else self.random.choices(FIELDS, [one.demand for one in FIELDS])[0]
        )
        return Story(self, asker, field, at).begin()
