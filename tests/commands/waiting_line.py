"""Who waits and who is next, by rules as plain as they can be: what the statement in the views is compared with, and
what the server of the simulation goes by."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from schemas.base import Urgency
from schemas.commands.question import ServeWaiting
from schemas.events.question import Offer
from streams.waiting import SETTLES_SECONDS, Tried

FIRST: tuple[Urgency, ...] = ("high", "medium", "low")


@dataclass(frozen=True)
class Waiting:
    """A question that nobody was found for, and whom it was offered to before."""

    question: UUID
    asker: UUID
    urgency: Urgency
    since: datetime
    round: int
    asked: frozenset[UUID]
    demo: bool = False

    @property
    def turn(self) -> tuple[int, datetime, UUID]:
        """The lowest is next."""
        return FIRST.index(self.urgency), self.since, self.question


@dataclass(frozen=True)
class Free:
    """An expert with so many places that neither a room nor an open offer takes."""

    expert: UUID
    places: int
    demo: bool = False


def can_serve(one: Waiting, free: Free, paused: Collection[tuple[UUID, UUID]] = ()) -> bool:
    return (
        free.places > 0
        and free.expert != one.asker
        and free.expert not in one.asked
        and (one.demo or not free.demo)
        and (one.question, free.expert) not in paused
    )


def next_of(
    waiting: Iterable[Waiting], free: Collection[Free], paused: Collection[tuple[UUID, UUID]] = ()
) -> tuple[Waiting, UUID] | None:
    """Whose turn it is, and for whose sake."""
    for one in sorted(waiting, key=lambda one: one.turn):
        for expert in sorted(free, key=lambda free: free.expert):
            if can_serve(one, expert, paused):
                return one, expert.expert
    return None


@dataclass
class Known:
    """A question as the model knows it: from its events alone, by rules of its own."""

    asker: UUID
    urgency: Urgency
    since: datetime
    status: str = "pending"
    round: int = 1
    open: dict[UUID, Offer] = field(default_factory=dict)
    asked: set[UUID] = field(default_factory=set)
    accepted: set[UUID] = field(default_factory=set)
    ends: dict[UUID, datetime] = field(default_factory=dict)
    """When each offer that was ever made runs out, or ran out."""


class Server:
    """Serves one waiting question at a time, says things twice, and now and then dies and has forgotten what it tried."""

    def __init__(
        self,
        random: Random,
        questions: Mapping[UUID, Known],
        places: Callable[[], Mapping[UUID, int]],
        send: Callable[[ServeWaiting], bool],
    ) -> None:
        """`send` says whether an answer came."""
        self._random = random
        self._questions = questions
        self._places = places
        self._send = send
        self._tried = Tried()
        self._served: tuple[UUID, datetime] | None = None
        self.count = 0

    def look(self, now: datetime) -> None:
        """What it does now and then."""
        if self._random.random() < 0.02:
            self._tried, self._served = Tried(), None
        if self._served is not None and not self._settled(*self._served, now):
            return
        found = next_of(self._waiting(), self._free(), self._tried.paused(now))
        if found is None:
            return
        one, expert = found
        self._in_turn(one, self._tried.paused(now))
        command = ServeWaiting(question_id=one.question, round=one.round, expert_id=expert)
        answered = [self._send(command) for _ in range(self._random.choice([1, 1, 1, 2]))]
        if not any(answered):
            return  # it knows nothing of it, and looks again
        assert self._questions[one.question].status == "pending", "somebody is free, and nothing was done"
        assert self._questions[one.question].round == one.round + 1, "tried once for each time it was said"
        self._tried.note((one.question, expert), now)
        self._served = one.question, now
        self.count += 1

    @property
    def stranded(self) -> bool:
        """Whether one waits that could be served."""
        return next_of(self._waiting(), self._free()) is not None

    def _in_turn(self, one: Waiting, paused: Collection[tuple[UUID, UUID]]) -> None:
        """Nobody more urgent, and nobody as urgent who has waited longer, could have been served instead."""
        free = self._free()
        for other in self._waiting():
            more_urgent = FIRST.index(other.urgency) < FIRST.index(one.urgency)
            older = other.urgency == one.urgency and other.since < one.since
            if more_urgent or older:
                assert not any(can_serve(other, expert, paused) for expert in free), "served out of turn"

    def _settled(self, question: UUID, since: datetime, now: datetime) -> bool:
        known = self._questions.get(question)
        late = now - since >= timedelta(seconds=SETTLES_SECONDS)
        return late or known is None or known.status != "pending"

    def _waiting(self) -> list[Waiting]:
        return [
            Waiting(question, known.asker, known.urgency, known.since, known.round, frozenset(known.asked))
            for question, known in self._questions.items()
            if known.status == "unmatched"
        ]

    def _free(self) -> list[Free]:
        return [Free(expert, places) for expert, places in self._places().items()]
