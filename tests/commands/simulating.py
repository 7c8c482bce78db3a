"""A seeded simulation of offers and capacity on virtual time: the real handlers and aggregates, and everyone around
them as unreliable as they are: writers that die before the append or before the answer, a matcher that is late or says
things twice, two clocks that lag and die, a server of waiting questions that dies and forgets, experts who answer when it
is too late, and what was sent once more after an answer was lost.

`python -m tests.commands.simulating [seed] [events]` runs a long one, until nobody waits who could be served, and prints
what it came to, as JSON.
"""

import heapq
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import blake2b
from random import Random
from uuid import UUID

import orjson

from commands.desk import Desk
from commands.handlers import HANDLING, meta_of
from schemas.base import EventData, Urgency
from schemas.commands import Command
from schemas.commands.account import RegisterAccount
from schemas.commands.question import (
    AcceptOffer,
    AskQuestion,
    DeclineOffer,
    ExpireOffer,
    OfferCandidates,
    ResolveQuestion,
    RetryMatching,
)
from schemas.envelope import Context
from schemas.events.question import (
    Candidate,
    Offer,
    OfferAccepted,
    QuestionAsked,
    QuestionMatched,
    QuestionOffered,
    QuestionUnmatched,
    RoundRequested,
)
from schemas.ids import SYSTEM
from schemas.personal import written
from schemas.port import Refused
from tests.commands.books import RULES, Books
from tests.commands.deciding import MODEL, START, Memory, profile
from tests.commands.waiting_line import Server

URGENCIES: tuple[Urgency, ...] = ("low", "medium", "high")
RANKED = 5
SECOND = timedelta(seconds=1)
DIES = 0.005
"""How often a writer dies with a command in hand."""
CLOCK_DIES = 0.02
"""How often a clock is not there when an offer ends, and looks only after it was started again."""


class Forgetful(Memory):
    """A store that keeps aggregates and no history; a million events would not fit."""

    def event(self, stream_id: UUID, version: int) -> EventData | None:
        return None


class Simulation:
    """`run` moves the time on until `events` have happened; what must never happen raises AssertionError."""

    def __init__(self, seed: int, experts: int = 60, askers: int = 40) -> None:
        self._random = Random(seed)
        self._memory = Forgetful()
        self._now = START
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._number = 0
        self._digest = blake2b(digest_size=16)
        self.counts: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.books = Books()
        self.died = 0
        self._asks = True
        self._askers = [self._person("questioner") for _ in range(askers)]
        self._experts = [self._expert() for _ in range(experts)]
        self.server = Server(
            self._random, self.books.questions, self.books.places, lambda one: self._do(SYSTEM, one)
        )

    @property
    def events(self) -> int:
        return sum(self.counts.values())

    @property
    def digest(self) -> str:
        """A hash of every event, in order."""
        return self._digest.hexdigest()

    def run(self, events: int) -> None:
        self._after(0, self._ask)
        self._after(0, self._serve)
        while self.events < events:
            self._step()

    def come_to_rest(self) -> None:
        """Nobody asks any more; everything takes its course to its end."""
        self._asks = False
        until = self._now + timedelta(days=60)
        while self._due:
            self._step()
            assert self._now < until, "it comes to no rest"
        assert not self.server.stranded, "stranded while somebody is free"

    def _step(self) -> None:
        self._now, _, happen = heapq.heappop(self._due)
        happen()

    # Everyone around

    def _ask(self) -> None:
        if not self._asks:
            return
        question, asker = self._id(), self._random.choice(self._askers)
        urgency = self._random.choice(URGENCIES)
        self._do(asker, AskQuestion(question_id=question, content="왜 그럴까요?", urgency=urgency))
        self._after(self._random.expovariate(1 / 20), self._ask)

    def _match(self, question: UUID, round_number: int) -> None:
        """The matcher: now, late, or twice."""
        known = self.books.questions[question]
        able = [one for one in self._experts if one not in known.asked]
        found = self._random.sample(able, min(RANKED, len(able)))
        if round_number > RULES.rounds:  # the widest search, among those who are free
            found = [one for one in able if not self.books.full(one)]
        candidates = tuple(
            Candidate(expert_id=one, score=1 - place / 100, price=0.1, propensity=0.8)
            for place, one in enumerate(found)
        )
        command = OfferCandidates(
            question_id=question, round=round_number, model=MODEL, candidates=candidates
        )
        delay = self._random.choice([0.05, 0.05, 0.05, 30.0])
        self._after(delay, lambda: self._do(SYSTEM, command))
        if self._random.random() < 0.1:
            self._after(delay + self._random.uniform(0, 900), lambda: self._do(SYSTEM, command))

    def _offered(self, question: UUID, offer: Offer) -> None:
        """An expert answers in time, too late or not at all; two clocks end what is not answered."""
        expert, life = offer.expert_id, (offer.expires_at - self._now).total_seconds()
        chance, when = self._random.random(), self._random.uniform(0, 1.2 * life)
        if chance < 0.75:
            answer = (
                AcceptOffer(question_id=question) if chance < 0.45 else DeclineOffer(question_id=question)
            )
            self._after(when, lambda: self._do(expert, answer))
            if self._random.random() < 0.2:  # the answer was lost, and it is sent again
                self._after(when + self._random.uniform(0, 60), lambda: self._do(expert, answer))
        expire = ExpireOffer(question_id=question, expert_id=expert, round=offer.round)
        for _ in range(2):  # two clocks, each with what it takes to wake up and to send
            dead = self._random.uniform(1, 8) if self._random.random() < CLOCK_DIES else 0.0
            late = dead + self._random.uniform(0.001, 0.03)
            self._after(life + late, lambda: self._do(SYSTEM, expire))

    def _opened(self, question: UUID) -> None:
        asker = self.books.questions[question].asker
        self._after(
            self._random.uniform(60, 1_200), lambda: self._do(asker, ResolveQuestion(question_id=question))
        )

    def _gave_up(self, question: UUID) -> None:
        asker = self.books.questions[question].asker
        if self._random.random() < 0.5:
            self._after(
                self._random.uniform(60, 600), lambda: self._do(asker, RetryMatching(question_id=question))
            )

    def _serve(self) -> None:
        self.server.look(self._now)
        if self._asks or self._due or self.server.stranded:
            self._after(1 if self._asks else 30, self._serve)

    # What happens

    def _do(self, user: UUID, command: Command) -> bool:
        """Whether an answer came; if none did, the same is said again by and by, whatever has become of it."""
        dies = self._random.random() < DIES and bool(self.counts["QuestionAsked"])
        if dies:
            self.died += 1
            self._after(self._random.uniform(0.01, 10), lambda: self._do(user, command))
        if not dies or self._random.random() < 0.5:  # it died after the append otherwise
            self._decide(user, command)
        return not dies

    def _decide(self, user: UUID, command: Command) -> None:
        context = Context(self._id(), user, self._now, self._id(), "")
        desk = Desk(self._memory, RULES)
        try:
            HANDLING[type(command)].decide(desk, command, meta_of(context))
        except Refused as refused:
            assert desk.quiet, "a refused command has said something"
            self.refused[refused.code] += 1
            return
        said = desk.gather()
        self._memory.aggregates |= {aggregate.id: aggregate for aggregate in desk.changed}
        for event in said:
            self.counts[type(event.data).__name__] += 1
            self._digest.update(orjson.dumps([event.originator_id, written(event.data)]))
            self.books.note(event.data, self._now)
            self._happened(event.data)
        self.books.hold_to(command, [event.data for event in said], self._now)

    def _happened(self, data: EventData) -> None:
        """What people and processes make of it."""
        match data:
            case QuestionAsked():
                self._after(0, lambda: self._match(data.question_id, 1))
            case QuestionMatched() | QuestionOffered():
                for offer in data.offers:
                    self._offered(data.question_id, offer)
            case OfferAccepted(first=True):
                self._opened(data.question_id)
            case RoundRequested():
                self._after(0, lambda: self._match(data.question_id, data.round))
            case QuestionUnmatched():
                self._gave_up(data.question_id)

    # Making things

    def _after(self, seconds: float, happen: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._due, (self._now + seconds * SECOND, self._number, happen))

    def _id(self) -> UUID:
        return UUID(int=self._random.getrandbits(128), version=4)

    def _person(self, role: str) -> UUID:
        user = self._id()
        name = f"u{user.hex[:20]}"
        command = RegisterAccount(
            user_id=user,
            username=name,
            email=f"{name}@example.org",
            password_hash="!",
            role=role,
            display_name="사람",
        )
        self._do(user, command)
        return user

    def _expert(self) -> UUID:
        user = self._person("expert")
        self.books.capacity[user] = self._random.randint(1, 3)
        self._do(user, profile(capacity=self.books.capacity[user]))
        return user


def main(seed: int, events: int) -> None:
    began = time.monotonic()
    simulation = Simulation(seed)
    simulation.run(events)
    simulation.come_to_rest()
    seconds = time.monotonic() - began
    said = {
        "seed": seed,
        "events": simulation.events,
        "seconds": round(seconds, 1),
        "digest": simulation.digest,
        "served": simulation.server.count,
        "writers_died": simulation.died,
        "next_offer_after_expiry_p99_ms": round(1_000 * simulation.books.lateness_p99, 1),
        "happened": dict(simulation.counts),
        "refused": dict(simulation.refused),
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main(*(int(word) for word in (sys.argv[1:] or ["1", "1000000"])))
