"""Makes histories as the write side writes them: positions, versions and numbers in order, over any number of
questions, told one after the other or mixed."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid5

from schemas.base import EventData
from schemas.envelope import Event, Meta, Received
from schemas.events.account import AccountRegistered
from schemas.events.expert import ExpertProfileSet, Specialty
from schemas.events.question import (
    Candidate,
    ExpertRated,
    ExpertSilent,
    InboxFrame,
    ModelRef,
    Offer,
    OfferAccepted,
    OfferDeclined,
    OffersExpired,
    OffersWithdrawn,
    QuestionAsked,
    QuestionCancelled,
    QuestionEdited,
    QuestionMatched,
    QuestionOffered,
    QuestionReopened,
    QuestionResolved,
    QuestionShared,
    QuestionUnmatched,
    Reason,
    RoundRequested,
    Told,
)
from schemas.events.room import (
    Member,
    MessagePosted,
    MessageRedacted,
    ReadMarked,
    RoomClosed,
    RoomOpened,
    RoomReopened,
    UserJoined,
    UserLeft,
)
from schemas.ids import SYSTEM, expert_stream, reading_stream, room_of

ROOT = UUID("0190b7a0-0000-7000-8000-000000000000")
START = datetime(2026, 3, 1, 9, tzinfo=UTC)
REASON = Reason(feature="similarity", value=0.9, contribution=0.5, ko="비슷한 질문을 풀었어요", en="Similar")
MODEL = ModelRef(encoder="e", index="i", ranker="r")


def id_of(name: str) -> UUID:
    """The same id for the same name."""
    return uuid5(ROOT, name)


class History:
    """A log that grows by one event a second."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._versions: dict[UUID, int] = defaultdict(int)
        self._inbox: dict[UUID, int] = defaultdict(int)

    def add(self, stream: UUID, data: EventData) -> Event:
        """Appends `data` to its stream."""
        self._versions[stream] += 1
        position = len(self.events) + 1
        meta = Meta(START + timedelta(seconds=position), SYSTEM, id_of(f"c{position}"), SYSTEM, "")
        event = Event(position, stream, self._versions[stream], data, meta)
        self.events.append(event)
        return event

    def told(self, frame: InboxFrame, *users: UUID) -> tuple[Told, ...]:
        """Notifications with the next numbers of these persons."""
        for user in users:
            self._inbox[user] += 1
        return tuple(Told(user_id=user, frame=frame, inbox_seq=self._inbox[user]) for user in users)

    def at(self) -> datetime:
        """When the next event will happen."""
        return START + timedelta(seconds=len(self.events) + 1)

    def person(self, name: str, role: Literal["questioner", "expert"] = "questioner") -> UUID:
        user = id_of(name)
        self.add(user, AccountRegistered(user_id=user, role=role, display_name=name))
        return user

    def expert(self, name: str, capacity: int = 3) -> UUID:
        user = self.person(name, "expert")
        data = ExpertProfileSet(
            expert_id=user,
            display_name=name,
            specialties=(Specialty(name="파이썬", level=4),),
            experience_years=7,
            bio=f"{name}입니다",
            capacity=capacity,
            available=True,
        )
        self.add(expert_stream(user), data)
        return user

    def received(self) -> list[Received]:
        """The events as Kafka gives them."""
        last: dict[tuple[str, int], int] = defaultdict(int)
        found = []
        for event in self.events:
            place = (event.topic, event.partition)
            found.append(Received(event, last[place]))
            last[place] = event.position
        return found


class Conversation:
    """One question and what becomes of it."""

    def __init__(self, history: History, name: str, asker: UUID) -> None:
        self.history = history
        self.id = id_of(f"question {name}")
        self.room_id = room_of(self.id)
        self.asker = asker
        self._seq = 0

    def _about(self, **others: Any) -> dict[str, Any]:
        return {"question_id": self.id, "asker_id": self.asker, **others}

    def _content(self, **others: Any) -> dict[str, Any]:
        return self._about(content="어떻게 하면 될까요?", category="파이썬", urgency="high", **others)

    def _question(self, kind: type[EventData], **fields: Any) -> Event:
        return self.history.add(self.id, kind(**self._about(**fields)))

    def _numbered(self, kind: type[EventData], **fields: Any) -> Event:
        self._seq += 1
        data = kind(room_id=self.room_id, question_id=self.id, seq=self._seq, **fields)
        return self.history.add(self.room_id, data)

    def offers(self, experts: Sequence[UUID], round_number: int = 1) -> tuple[Offer, ...]:
        at = self.history.at()
        return tuple(
            Offer(
                expert_id=expert,
                display_name=f"전문가 {rank}",
                score=0.9 - rank / 10,
                reasons=(REASON,),
                round=round_number,
                offered_at=at,
                expires_at=at + timedelta(minutes=3),
            )
            for rank, expert in enumerate(experts)
        )

    def asked(self) -> Event:
        return self.history.add(self.id, QuestionAsked(**self._content(asker_name="묻는 이")))

    def matched(
        self,
        experts: Sequence[UUID],
        asked: int | None = None,
        *,
        round_number: int = 1,
        in_progress: bool = False,
    ) -> Event:
        """The first `asked` of these candidates are offered it, all if None."""
        offers = self.offers(experts, round_number)
        candidates = tuple(
            Candidate(
                expert_id=o.expert_id,
                display_name=o.display_name,
                score=o.score,
                reasons=o.reasons,
                price=0.1,
                propensity=0.8,
            )
            for o in offers
        )
        offers = offers[:asked]
        told = self.history.told("question_assigned", *(offer.expert_id for offer in offers))
        told += self.history.told("expert_matched", self.asker)
        found = {"round": round_number, "candidates": candidates, "offers": offers, "told": told}
        data = QuestionMatched(**self._content(model=MODEL, in_progress=in_progress, **found))
        return self.history.add(self.id, data)

    def offered(self, expert: UUID) -> Event:
        told = self.history.told("question_assigned", expert)
        data = QuestionOffered(**self._content(round=1, offers=self.offers([expert]), told=told))
        return self.history.add(self.id, data)

    def accepted(self, expert: UUID, first: bool = True) -> Event:
        told = self.history.told("question_status", self.asker) if first else ()
        offered_at = self.history.at() - timedelta(seconds=1, microseconds=500_000)
        return self._question(
            OfferAccepted,
            expert_id=expert,
            room_id=self.room_id,
            first=first,
            offered_at=offered_at,
            told=told,
        )

    def edited(self, *experts: UUID) -> Event:
        """In other words, told to the experts with open offers."""
        told = self.history.told("question_assigned", *experts)
        content = {**self._content(), "content": "달리 말하면 어떻게 할까요?", "urgency": "low"}
        return self.history.add(self.id, QuestionEdited(**content, offers=self.offers(experts), told=told))

    def silent(self, expert: UUID) -> Event:
        accepted_at = self.history.at() - timedelta(minutes=4)
        return self._question(ExpertSilent, expert_id=expert, accepted_at=accepted_at)

    def declined(self, expert: UUID) -> Event:
        offered_at = self.history.at() - timedelta(seconds=4)
        return self._question(OfferDeclined, expert_id=expert, offered_at=offered_at)

    def expired(self, *experts: UUID) -> Event:
        told = self.history.told("offer_closed", *experts)
        return self._question(OffersExpired, expert_ids=experts, told=told)

    def withdrawn(self, *experts: UUID, reason: Literal["taken", "withdrawn"] = "taken") -> Event:
        told = self.history.told("offer_closed", *experts)
        return self._question(OffersWithdrawn, expert_ids=experts, reason=reason, told=told)

    def round_requested(self, round_number: int, *, in_progress: bool = False) -> Event:
        data = RoundRequested(**self._content(round=round_number, excluded=()), in_progress=in_progress)
        return self.history.add(self.id, data)

    def unmatched(self) -> Event:
        told = self.history.told("question_status", self.asker)
        return self._question(QuestionUnmatched, rounds=3, told=told)

    def resolved(self) -> Event:
        return self._question(QuestionResolved, told=self.history.told("question_status", self.asker))

    def reopened(self) -> Event:
        return self._question(QuestionReopened)

    def cancelled(self) -> Event:
        return self._question(QuestionCancelled, told=self.history.told("question_status", self.asker))

    def rated(self, expert: UUID, stars: int, previous: int | None = None) -> Event:
        return self._question(
            ExpertRated, expert_id=expert, stars=stars, previous_stars=previous, comment="고마워요"
        )

    def shared(self, user: UUID, shared: bool = True) -> Event:
        return self._question(QuestionShared, user_id=user, shared=shared)

    def opened(self, expert: UUID) -> Event:
        members = (
            Member(user_id=self.asker, user_name="묻는 이", role="asker"),
            Member(user_id=expert, user_name="답하는 이", role="expert"),
        )
        told = self.history.told("room_opened", self.asker, expert)
        data = RoomOpened(
            room_id=self.room_id, question_id=self.id, asker_id=self.asker, members=members, told=told
        )
        return self.history.add(self.room_id, data)

    def joined(self, user: UUID) -> Event:
        member = Member(user_id=user, user_name="새 사람", role="guest")
        return self._numbered(
            UserJoined,
            user_id=user,
            user_name="새 사람",
            role="guest",
            invited_by=self.asker,
            members=(member,),
            told=self.history.told("room_opened", user),
        )

    def left(self, user: UUID) -> Event:
        return self._numbered(UserLeft, user_id=user, user_name="새 사람")

    def said(self, sender: UUID, content: str = "안녕하세요") -> Event:
        number = self._seq + 1
        return self._numbered(
            MessagePosted,
            message_id=id_of(f"{self.id} {number}"),
            sender_id=sender,
            sender_name="말하는 이",
            content=content,
            client_msg_id=f"m{number}",
        )

    def redacted(self, message: Event, user: UUID) -> Event:
        said = message.data
        assert isinstance(said, MessagePosted)
        return self._numbered(
            MessageRedacted, message_id=said.message_id, redacted_seq=said.seq, user_id=user
        )

    def closed(self) -> Event:
        return self._numbered(RoomClosed, reason="resolved")

    def opened_again(self) -> Event:
        return self._numbered(RoomReopened)

    def read(self, user: UUID, seq: int) -> Event:
        data = ReadMarked(room_id=self.room_id, question_id=self.id, user_id=user, up_to_seq=seq)
        return self.history.add(reading_stream(self.room_id, user), data)
