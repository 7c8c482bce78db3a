"""One question of a made-up year, from being asked to its end: each step answers what happened at the one before."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Protocol
from uuid import UUID

from schemas.base import Urgency
from schemas.commands import Command
from schemas.commands.question import (
    AcceptOffer,
    AskQuestion,
    CancelQuestion,
    DeclineOffer,
    ExpireOffer,
    OfferCandidates,
    RateExpert,
    ReopenQuestion,
    ResolveQuestion,
)
from schemas.commands.room import LeaveRoom, MarkRead, PostMessage
from schemas.envelope import Event
from schemas.events.question import (
    Candidate,
    ModelRef,
    Offer,
    OfferAccepted,
    QuestionAsked,
    QuestionMatched,
    QuestionOffered,
    QuestionUnmatched,
    Reason,
    RoundRequested,
)
from schemas.ids import SYSTEM, expiry_command, match_command, reading_stream, room_of
from streams.log.year.fields import ASKED_EN, ASKED_KO, Field
from streams.log.year.people import Adept, Person, id_at
from streams.log.year.rhythm import awake
from streams.log.year.talk import Talk, words

MODEL = ModelRef(encoder="made-up", index="made-up", ranker="made-up")
URGENCIES: tuple[Urgency, ...] = ("low", "medium", "high")
Action = Callable[[], Iterable["Later"]]


@dataclass(frozen=True, slots=True)
class Later:
    """Something to happen."""

    at: datetime
    action: Action


class Surroundings(Protocol):
    """What a question is asked in."""

    random: Random

    def tell(
        self,
        command: Command,
        user: UUID,
        at: datetime,
        because: Event | None = None,
        id_: UUID | None = None,
    ) -> Sequence[Event]:
        """The events of a command, none if it was refused."""
        ...

    def fit(self, field: Field, korean: bool) -> list[Adept]:
        """The experts of a field who are there and speak the language."""
        ...

    def forget(self, ids: Iterable[UUID]) -> None:
        """These aggregates are not needed again."""
        ...


class Story:
    """One question from being asked to its end."""

    def __init__(self, year: Surroundings, asker: Person, field: Field, at: datetime) -> None:
        self.year = year
        self.random = year.random
        self.asker = asker
        self.field = field
        self.id = id_at(at, year.random)
        self.begun = at
        self.inside: list[Adept] = []
        self.talk = Talk(4, well=True)
        self._by_id = {one.id: one for one in year.fit(field, asker.korean)}

    def begin(self) -> Iterable[Later]:
        """Ask."""
        korean = self.asker.korean
        about = self.random.choice(self.field.korean if korean else self.field.english)
        command = AskQuestion(
            question_id=self.id,
            content=self.random.choice(ASKED_KO if korean else ASKED_EN).format(about),
            category=self.field.category if self.random.random() < 0.8 else None,
            urgency=self.random.choices(URGENCIES, (3, 5, 2))[0],
        )
        return self._follow(self.year.tell(command, self.asker.id, self.begun))

    def _follow(self, events: Sequence[Event]) -> Iterator[Later]:
        """What comes after `events`."""
        for event in events:
            at = event.meta.at
            match event.data:
                case QuestionAsked():
                    yield self._later(at, 0.3, 1.5, partial(self._match, 1, event))
                case RoundRequested() as data:
                    yield self._later(at, 0.3, 1.5, partial(self._match, data.round, event))
                case QuestionMatched() | QuestionOffered() as data:
                    for offer in data.offers:
                        yield self._answer(at, offer, event)
                case OfferAccepted() as data:
                    self.inside.append(self._by_id[data.expert_id])
                    if data.first:
                        length = 4 + int(self.random.expovariate(1 / 7))
                        self.talk = Talk(length, well=self.random.random() >= 0.07)
                        yield self._later(at, 5, 90, self._say)
                case QuestionUnmatched():
                    if self.random.random() < 0.4:
                        yield self._later(at, 600, 7_200, self._give_up)
                    else:
                        self._forget()

    def _match(self, round_number: int, event: Event, at: datetime) -> Iterable[Later]:
        fit = self.random.sample(list(self._by_id.values()), min(12, len(self._by_id)))
        scored = sorted(
            ((0.2 + 0.4 * (one.skill + one.eager) * self.random.uniform(0.6, 1), one) for one in fit),
            key=lambda pair: -pair[0],
        )
        candidates = tuple(
            Candidate(expert_id=one.id, score=round(score, 4), reasons=(_reason(score),))
            for score, one in scored
        )
        command = OfferCandidates(question_id=self.id, round=round_number, model=MODEL, candidates=candidates)
        return self._follow(self.year.tell(command, SYSTEM, at, event, match_command(self.id, round_number)))

    def _answer(self, at: datetime, offer: Offer, event: Event) -> Later:
        expert = self._by_id[offer.expert_id]
        when = at + timedelta(seconds=self.random.lognormvariate(0, 0.7) * expert.seconds)
        mood = self.random.random()
        looks = self.random.random() < awake(at)
        if not looks or when >= offer.expires_at:
            expired = offer.expires_at + timedelta(milliseconds=self.random.randint(50, 900))
            expire = ExpireOffer(question_id=self.id, expert_id=expert.id, round=offer.round)
            id_ = expiry_command(self.id, expert.id, offer.round)
            return Later(expired, lambda: self._follow(self.year.tell(expire, SYSTEM, expired, event, id_)))
        answer = AcceptOffer if mood < 0.25 + 0.6 * expert.eager else DeclineOffer
        command = answer(question_id=self.id)
        return Later(when, lambda: self._follow(self.year.tell(command, expert.id, when)))

    def _say(self, at: datetime) -> Iterable[Later]:
        who, part = self.talk.next(self.random)
        from_asker = who == "asker"
        sender: Person = self.asker if from_asker else self.random.choice(self.inside)
        content = words(part, self.asker.korean, self.random)
        room = room_of(self.id)
        posted = self.year.tell(
            PostMessage(room_id=room, message_id=id_at(at, self.random), content=content), sender.id, at
        )
        reader = self.random.choice(self.inside) if from_asker else self.asker
        if posted and self.random.random() < 0.25:
            seen = at + timedelta(seconds=self.random.uniform(1, 4))
            mark = MarkRead(room_id=room, up_to_seq=posted[-1].version - 1)
            yield Later(seen, lambda: self._quietly(mark, reader.id, seen))
        if self.talk.left:
            pause = self.random.lognormvariate(3.6, 1.2) / max(0.15, awake(at))
            yield self._later(at, 4 + pause, 8 + pause, self._say)
        else:
            yield self._later(at, 30, 3_600, self._end)

    def _end(self, at: datetime) -> Iterable[Later]:
        if not self.talk.well:
            self.year.tell(CancelQuestion(question_id=self.id), self.asker.id, at)
            self._forget()
            return
        if len(self.inside) > 1 and self.random.random() < 0.07:
            self.year.tell(LeaveRoom(room_id=room_of(self.id)), self.inside[-1].id, at)
        self.year.tell(ResolveQuestion(question_id=self.id), self.asker.id, at)
        yield self._later(at, 10, 600, self._rate)

    def _rate(self, at: datetime) -> Iterable[Later]:
        for number, expert in enumerate(self.inside):
            if self.random.random() < 0.6:
                stars = min(5, max(1, round(self.random.gauss(2.2 + 3 * expert.skill, 0.8))))
                rating = RateExpert(question_id=self.id, expert_id=expert.id, stars=stars)
                when = at + timedelta(seconds=number)
                yield Later(when, partial(self._quietly, rating, self.asker.id, when))
        if self.random.random() < 0.03:
            yield self._later(at, 3_600, 86_400, self._again)
        else:
            yield self._later(at, 60, 90, self._part)

    def _again(self, at: datetime) -> Iterable[Later]:
        self.year.tell(ReopenQuestion(question_id=self.id), self.asker.id, at)
        self.talk = Talk(4, well=True, begun="again")
        yield self._later(at, 20, 120, self._say)

    def _give_up(self, at: datetime) -> Iterable[Later]:
        self.year.tell(CancelQuestion(question_id=self.id), self.asker.id, at)
        self._forget()
        return ()

    def _part(self, at: datetime) -> Iterable[Later]:
        """Nothing comes of it any more."""
        self._forget()
        return ()

    def _quietly(self, command: Command, user: UUID, at: datetime) -> Iterable[Later]:
        """A command that nothing follows."""
        self.year.tell(command, user, at)
        return ()

    def _forget(self) -> None:
        room = room_of(self.id)
        people = (self.asker.id, *(one.id for one in self.inside))
        self.year.forget([self.id, room, *(reading_stream(room, one) for one in people)])

    def _later(
        self, at: datetime, least: float, most: float, action: Callable[[datetime], Iterable[Later]]
    ) -> Later:
        when = at + timedelta(seconds=round(self.random.uniform(least, most), 6))
        return Later(when, lambda: action(when))


def _reason(score: float) -> Reason:
    value = round(score, 4)
    return Reason(
        feature="similarity", value=value, contribution=value, ko="비슷한 일을 해요", en="Similar work"
    )
