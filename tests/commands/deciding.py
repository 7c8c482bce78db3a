"""Commands decided in memory: the real handlers and aggregates, with a dictionary where the store would be."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from commands.desk import Desk
from commands.handlers import HANDLING, Answer, meta_of
from commands.rules import Rules
from commands.sourced import Sourced
from schemas.base import EventData, Role, Urgency
from schemas.commands import Command
from schemas.commands.account import RegisterAccount
from schemas.commands.expert import SetExpertProfile, SpecialtyGiven
from schemas.commands.question import AcceptOffer, AskQuestion, OfferCandidates
from schemas.envelope import Context
from schemas.events.question import Candidate, ModelRef
from schemas.ids import SYSTEM, room_of

MODEL = ModelRef(encoder="test", index="test", ranker="test")
START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
RULES = Rules(
    offers_at_once=2,
    acceptances=2,
    rounds=2,
    offer_lifetimes={
        "low": timedelta(minutes=30),
        "medium": timedelta(minutes=10),
        "high": timedelta(minutes=3),
    },
    reopen_within=timedelta(days=7),
)


class Memory:
    """The `Source` of a desk, without a store."""

    def __init__(self) -> None:
        self.aggregates: dict[UUID, Sourced] = {}
        self.events: list[Sourced.Event] = []
        self._names: dict[str, UUID] = {}

    def load(self, ids: Sequence[UUID]) -> Mapping[UUID, Sourced]:
        return {id_: self.aggregates[id_] for id_ in ids if id_ in self.aggregates}

    def event(self, stream_id: UUID, version: int) -> EventData | None:
        found = (e for e in self.events if (e.originator_id, e.originator_version) == (stream_id, version))
        return next((event.data for event in found), None)

    def claim(self, user_id: UUID, username: str, email: str, password_hash: str, at: datetime) -> str | None:
        if username in self._names:
            return "username"
        if email in self._names:
            return "email"
        self._names |= {username: user_id, email: user_id}
        return None

    def change_email(self, user_id: UUID, email: str) -> bool:
        return self._names.setdefault(email, user_id) == user_id

    def erase(self, user_id: UUID, at: datetime) -> None:
        self._names = {name: owner for name, owner in self._names.items() if owner != user_id}


class World:
    """People, questions and rooms. The time stands still unless it is moved."""

    def __init__(self, rules: Rules = RULES) -> None:
        self.memory = Memory()
        self.rules = rules
        self.now = START

    def do(self, user_id: UUID, command: Command) -> Answer:
        """Decide one command. A refused one must have said nothing."""
        desk = Desk(self.memory, self.rules)
        context = Context(uuid4(), user_id, self.now, uuid4(), "cause", "")
        try:
            answer = HANDLING[type(command)].decide(desk, command, meta_of(context))
        except Exception:
            assert desk.quiet
            raise
        self.memory.events += desk.gather()
        self.memory.aggregates |= {aggregate.id: aggregate for aggregate in desk.changed}
        return answer

    def said(self, user_id: UUID, command: Command) -> list[EventData]:
        """What a command says."""
        before = len(self.memory.events)
        self.do(user_id, command)
        return [event.data for event in self.memory.events[before:]]

    def person(self, role: Role = "questioner", name: str = "사람", *, demo: bool = False) -> UUID:
        user_id = uuid4()
        username = f"u{user_id.hex[:20]}"
        register = RegisterAccount(
            user_id=user_id,
            username=username,
            email=f"{username}@example.org",
            password_hash="!",
            role=role,
            display_name=name,
            demo=demo,
        )
        self.do(user_id, register)
        return user_id

    def expert(
        self, name: str = "전문가", *, capacity: int = 3, available: bool = True, demo: bool = False
    ) -> UUID:
        user_id = self.person("expert", name, demo=demo)
        self.do(user_id, profile(capacity=capacity, available=available))
        return user_id

    def question(self, asker: UUID, *, urgency: Urgency = "medium") -> UUID:
        question_id = uuid4()
        self.do(asker, AskQuestion(question_id=question_id, content="왜 그럴까요?", urgency=urgency))
        return question_id

    def offer(self, question_id: UUID, *experts: UUID, round: int = 1) -> list[EventData]:
        return self.said(SYSTEM, offer(question_id, *experts, round=round))

    def room(self, asker: UUID, *experts: UUID) -> UUID:
        """The room of a new question that `experts` accepted."""
        question_id = self.question(asker)
        self.offer(question_id, *experts)
        for expert in experts:
            self.do(expert, AcceptOffer(question_id=question_id))
        return room_of(question_id)


def profile(*, capacity: int = 3, available: bool = True) -> SetExpertProfile:
    return SetExpertProfile(
        specialties=(SpecialtyGiven(name="카프카", level=4),),
        experience_years=7,
        bio="스트림을 다뤄요.",
        capacity=capacity,
        available=available,
    )


def offer(question_id: UUID, *experts: UUID, round: int = 1) -> OfferCandidates:
    candidates = tuple(
        Candidate(expert_id=expert, score=1 - index / 100, price=0.1, propensity=0.8)
        for index, expert in enumerate(experts)
    )
    return OfferCandidates(question_id=question_id, round=round, model=MODEL, candidates=candidates)


def types(said: Sequence[EventData]) -> list[str]:
    """The names of what was said."""
    return [type(data).__name__ for data in said]


def told(data: EventData) -> list[tuple[str, UUID]]:
    """Who is told what by an event."""
    return [(one.frame, one.user_id) for one in getattr(data, "told", ())]
