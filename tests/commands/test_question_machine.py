"""The question against a plain model of one: who may do what when, in a Hypothesis state machine on a clock of its own."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from commands.question import Question
from schemas.base import EventData, Urgency
from schemas.envelope import Meta
from schemas.events.question import Candidate, QuestionAsked
from schemas.ids import SYSTEM
from schemas.port import Refused
from tests.commands.deciding import MODEL, RULES, START, types

EXPERTS = [UUID(int=number) for number in range(1, 8)]
ASKER = UUID(int=99)


class QuestionMachine(RuleBasedStateMachine):
    """Every rule is tried on the question and on the model; both agree on whether it may be, and on what is after it."""

    @initialize(
        urgency=st.sampled_from(["low", "medium", "high"]), ranked=st.sampled_from([True, True, False])
    )
    def ask(self, urgency: str, ranked: bool) -> None:
        self.now = START
        asked = QuestionAsked(question_id=UUID(int=1), asker_id=ASKER, content="왜?", urgency=urgency)
        self.words, self.urgency = "왜?", asked.urgency
        self.question = Question.ask(asked, self.meta)
        self.question.collect_events()
        self.status = "pending"
        self.round = self.tried = 1
        self.open: dict[UUID, datetime] = {}
        self.bench: list[UUID] = []
        self.asked: set[UUID] = set()
        self.accepted: list[UUID] = []
        self.accepted_at: dict[UUID, datetime] = {}
        self.silent: set[UUID] = set()
        self.looking = False
        self.resolved_at = START
        self.stars: dict[UUID, int] = {}
        if ranked:
            self.ranked(EXPERTS[:4], set())

    @property
    def life(self) -> timedelta:
        """Of an offer that is made now; as long is waited for the first word of who accepted."""
        return RULES.offer_lifetimes[self.urgency]

    @property
    def meta(self) -> Meta:
        return Meta(self.now, SYSTEM, SYSTEM, SYSTEM, "")

    def does(self, allowed: bool, change: Callable[[], object]) -> list[EventData]:
        """What the question said; it must say nothing if the model forbids it."""
        before = self.question.version
        try:
            change()
        except Refused:
            assert not allowed, "the question refused what the model allows"
            assert self.question.version == before
            return []
        assert allowed, "the question did what the model refuses"
        return [event.data for event in self.question.collect_events()]  # type: ignore[attr-defined]

    @rule(minutes=st.sampled_from([1, 3, 10, 30, 60 * 24 * 7]))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: self.open)
    @rule(
        seconds=st.sampled_from([-1, 0, 1]),
        comes=st.sampled_from(["accept", "decline", "expire"]),
        free=st.booleans(),
    )
    def at_the_last_moment(self, seconds: int, comes: str, free: bool) -> None:
        """An answer or the clock, right before, at or after an offer's end."""
        self.now = max(self.now, min(self.open.values()) + timedelta(seconds=seconds))
        if comes == "accept":
            self.accept(0)
        else:
            self.end(0, comes, free)

    @precondition(lambda self: self.status == "pending" or self.looking)
    @rule(
        found=st.lists(st.sampled_from(EXPERTS), max_size=5, min_size=1, unique=True),
        busy=st.sets(st.sampled_from(EXPERTS), max_size=2),
    )
    def rank(self, found: list[UUID], busy: set[UUID]) -> None:
        self.ranked(found, busy)

    def ranked(self, found: list[UUID], busy: set[UUID]) -> None:
        ranking = [Candidate(expert_id=one, score=0.5) for one in found if one not in self.asked]
        free = [one.expert_id for one in ranking if one.expert_id not in busy]
        assert self.question.awaits(self.round)
        assert not self.question.awaits(self.round + 1)
        said = self.does(True, lambda: self.question.offer(ranking, free, MODEL, RULES, self.meta))
        chosen = free[: RULES.offers_at_once]
        if not chosen:
            return self.search_on(said)
        assert types(said) == ["QuestionMatched"]
        self.status, self.looking = "in_progress" if self.looking else "matched", False
        self.bench = [one.expert_id for one in ranking if one.expert_id not in chosen]
        return self.offered(chosen)

    def offered(self, chosen: list[UUID]) -> None:
        self.open |= dict.fromkeys(chosen, self.now + self.life)
        self.asked |= set(chosen)

    def search_on(self, said: list[EventData]) -> None:
        talked = self.status == "in_progress"
        if self.tried < RULES.rounds:
            assert types(said) == ["RoundRequested"]
            self.round, self.tried, self.bench = self.round + 1, self.tried + 1, []
            self.status, self.looking = "in_progress" if talked else "pending", talked
        elif talked:
            assert said == []
        else:
            assert types(said) == ["QuestionUnmatched"]
            self.status = "unmatched"

    def someone(self, which: int) -> UUID:
        """Mostly one who is asked just now."""
        asked = sorted(self.open)
        return asked[which] if which < len(asked) else EXPERTS[which % len(EXPERTS)]

    @rule(which=st.integers(0, 4))
    def accept(self, which: int) -> None:
        expert = self.someone(which)
        allowed = expert in self.open and self.now < self.open[expert]
        said = self.does(allowed, lambda: self.question.accept(expert, RULES, self.meta))
        if not allowed:
            return
        assert getattr(said[0], "first") == (not self.accepted)  # noqa: B009
        del self.open[expert]
        self.accepted.append(expert)
        self.accepted_at[expert] = self.now
        self.status = "in_progress"
        if len(set(self.accepted) - self.silent) >= RULES.acceptances:
            assert ("OffersWithdrawn" in types(said)) == bool(self.open)
            self.open.clear()

    @rule(which=st.integers(0, 4), ends=st.sampled_from(["decline", "expire"]), free=st.booleans())
    def end(self, which: int, ends: str, free: bool) -> None:
        expert = self.someone(which)
        there = expert in self.open
        if ends == "decline":
            allowed = there and self.now < self.open[expert]
            said = self.does(allowed, lambda: self.question.decline(expert, self.meta))
        else:
            over = there and self.now >= self.open[expert]
            offer = self.question.open_offer(expert)
            round_number = offer.round if offer is not None else 1
            said = self.does(True, lambda: self.question.expire(expert, round_number, self.meta))
            assert bool(said) == over, "an offer ends when its time is up, and not before"
            allowed = over
        if not allowed:
            return
        del self.open[expert]
        self.followed(free)

    def followed(self, free: bool) -> None:
        """What comes after an offer or the patience with an expert has ended."""
        waits = set(self.accepted) <= self.silent
        wanted = self.status == "matched" or (self.status == "in_progress" and waits)
        assert self.question.wants_substitute == wanted
        next_one = self.bench[0] if free and self.bench and wanted else None
        said = self.does(True, lambda: self.question.go_on(next_one, RULES, self.meta))
        if next_one is not None:
            assert types(said) == ["QuestionOffered"]
            self.bench.remove(next_one)
            self.offered([next_one])
        elif wanted and not self.open and not self.looking:
            self.search_on(said)
        else:
            assert said == []

    @precondition(lambda self: self.accepted)
    @rule(which=st.integers(0, 3), seconds=st.sampled_from([-1, 0]), free=st.booleans())
    def say_nothing(self, which: int, seconds: int, free: bool) -> None:
        expert = self.accepted[which % len(self.accepted)]
        until = self.accepted_at[expert] + self.life
        self.now = max(self.now, until + timedelta(seconds=seconds))
        over = self.status == "in_progress" and expert not in self.silent and self.now >= until
        found: list[bool] = []
        self.does(True, lambda: found.append(self.question.go_on_without(expert, RULES, self.meta)))
        assert found == [over]
        if over:
            self.silent.add(expert)
            self.followed(free)

    @rule(urgency=st.sampled_from(["low", "medium", "high"]), words=st.sampled_from(["왜?", "어떻게?"]))
    def edit(self, urgency: Urgency, words: str) -> None:
        allowed = self.status in ("pending", "matched", "unmatched")
        said = self.does(allowed, lambda: self.question.edit(words, None, urgency, self.meta))
        if allowed:
            assert bool(said) == ((words, urgency) != (self.words, self.urgency))
            self.words, self.urgency = words, urgency

    @rule()
    def retry(self) -> None:
        allowed = self.status == "unmatched"
        self.does(allowed, lambda: self.question.retry(self.meta))
        if allowed:
            self.status, self.round, self.tried, self.bench = "pending", self.round + 1, 1, []

    @rule()
    def resolve(self) -> None:
        allowed = self.status == "in_progress"
        self.does(allowed, lambda: self.question.resolve((), self.meta))
        if allowed:
            self.status, self.resolved_at, self.looking = "resolved", self.now, False
            self.open.clear()

    @rule()
    def reopen(self) -> None:
        allowed = self.status == "resolved" and self.now - self.resolved_at <= RULES.reopen_within
        self.does(allowed, lambda: self.question.reopen((), RULES, self.meta))
        if allowed:
            self.status = "in_progress"

    @rule(sure=st.integers(0, 7))
    def cancel(self, sure: int) -> None:
        if sure:  # or most questions would come to nothing
            return
        allowed = self.status in ("pending", "matched", "unmatched", "in_progress")
        self.does(allowed, lambda: self.question.cancel((), self.meta))
        if allowed:
            self.status, self.looking = "cancelled", False
            self.open.clear()

    @rule(expert=st.sampled_from(EXPERTS), stars=st.integers(1, 5))
    def rate(self, expert: UUID, stars: int) -> None:
        allowed = self.status == "resolved" and expert in self.accepted
        said = self.does(allowed, lambda: self.question.rate(expert, stars, "", self.meta))
        if allowed:
            assert getattr(said[0], "previous_stars") == self.stars.get(expert)  # noqa: B009
            self.stars[expert] = stars

    @invariant()
    def they_agree(self) -> None:
        if not hasattr(self, "question"):
            return
        state = self.question.state
        assert (state.status, state.round) == (self.status, self.round)
        assert {offer.expert_id: offer.expires_at for offer in state.offers} == self.open
        assert (set(state.asked), list(state.accepted)) == (self.asked, self.accepted)
        assert state.stars == self.stars
        assert (state.content, state.urgency) == (self.words, self.urgency)
        assert set(state.silent) == self.silent
        assert state.looking == self.looking
        if self.status == "matched":
            assert [one.expert_id for one in state.bench] == self.bench


TestQuestion = QuestionMachine.TestCase
TestQuestion.settings = settings(max_examples=120, stateful_step_count=30, deadline=None)
