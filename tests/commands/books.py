"""What has happened in a simulation, event by event, and what must never happen: AssertionError if it does."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from commands.rules import Rules
from schemas.base import EventData
from schemas.commands import Command
from schemas.commands.question import DeclineOffer, ExpireOffer, OfferCandidates
from schemas.events.expert import ExpertEngaged, ExpertReleased
from schemas.events.question import (
    OfferAccepted,
    OfferDeclined,
    OffersExpired,
    OffersWithdrawn,
    QuestionAsked,
    QuestionMatched,
    QuestionOffered,
    QuestionResolved,
    QuestionUnmatched,
    RoundRequested,
)
from tests.commands.waiting_line import Known

RULES = Rules(
    offers_at_once=3,
    acceptances=2,
    rounds=3,
    offer_lifetimes={
        "low": timedelta(minutes=30),
        "medium": timedelta(minutes=10),
        "high": timedelta(minutes=3),
    },
    reopen_within=timedelta(days=7),
)


class Books:
    """A plain account of questions, offers and who is engaged where, kept beside the aggregates."""

    def __init__(self) -> None:
        self.questions: dict[UUID, Known] = {}
        self.engaged: dict[UUID, set[UUID]] = defaultdict(set)
        self.capacity: dict[UUID, int] = {}
        self.freed_by_expiry = 0
        self.lateness: list[float] = []
        """How long after an offer ran out the next one was made, in seconds, for each that had a next one."""

    @property
    def lateness_p99(self) -> float:
        """The 99th percentile of `lateness`."""
        return sorted(self.lateness)[len(self.lateness) * 99 // 100]

    def places(self) -> dict[UUID, int]:
        """By expert, what neither a room nor an open offer takes."""
        taken = Counter(expert for known in self.questions.values() for expert in known.open)
        return {one: most - len(self.engaged[one]) - taken[one] for one, most in self.capacity.items()}

    def full(self, expert: UUID) -> bool:
        return len(self.engaged[expert]) >= self.capacity[expert]

    def note(self, data: EventData, now: datetime) -> None:
        """An event happened at `now`."""
        match data:
            case QuestionAsked():
                self.questions[data.question_id] = Known(data.asker_id, data.urgency, now)
            case QuestionMatched() | QuestionOffered():
                known = self.questions[data.question_id]
                known.status = "matched"
                for offer in data.offers:
                    assert offer.expert_id not in known.asked, "offered twice"
                    assert not self.full(offer.expert_id), "offered past capacity"
                    assert offer.expires_at == now + RULES.offer_lifetimes[data.urgency]
                    known.asked.add(offer.expert_id)
                    known.open[offer.expert_id] = offer
                    known.ends[offer.expert_id] = offer.expires_at
            case ExpertEngaged():
                assert not self.full(data.expert_id), "engaged past capacity"
                self.engaged[data.expert_id].add(data.question_id)
                assert data.open_rooms == len(self.engaged[data.expert_id])
            case ExpertReleased():
                self.engaged[data.expert_id].remove(data.question_id)
                assert data.open_rooms == len(self.engaged[data.expert_id])
            case OfferAccepted():
                known = self.questions[data.question_id]
                assert data.expert_id not in known.accepted, "accepted twice"
                assert now < known.open.pop(data.expert_id).expires_at, "accepted after its end"
                known.accepted.add(data.expert_id)
                assert len(known.accepted) <= RULES.acceptances
                known.status = "in_progress"
            case OfferDeclined():
                del self.questions[data.question_id].open[data.expert_id]
            case OffersExpired():
                for expert in data.expert_ids:
                    offer = self.questions[data.question_id].open.pop(expert)
                    assert offer.expires_at <= now, "expired before its end"
            case OffersWithdrawn():
                for expert in data.expert_ids:
                    del self.questions[data.question_id].open[expert]
            case RoundRequested():
                known = self.questions[data.question_id]
                known.status, known.round = "pending", data.round
                assert set(data.excluded) == known.asked
            case QuestionUnmatched():
                self.questions[data.question_id].status = "unmatched"
            case QuestionResolved():
                known = self.questions.pop(data.question_id)
                assert not known.open, "an offer of a resolved question is open"

    def hold_to(self, command: Command, said: Sequence[EventData], now: datetime) -> None:
        """No question is left standing: whoever is free and next is asked in the same append as an offer ends."""
        if not isinstance(command, OfferCandidates | ExpireOffer | DeclineOffer) or not said:
            return
        known = self.questions.get(command.question_id)
        if known is None:
            return
        if known.status == "matched":
            assert known.open, "matched, but nobody is asked"
        if isinstance(command, ExpireOffer) and known.status != "in_progress":
            assert len(said) > 1 or known.open, "an offer ran out, and nothing followed"
            self.freed_by_expiry += len(said) > 1
            if any(isinstance(data, QuestionOffered) for data in said):
                ended = known.ends[command.expert_id]
                self.lateness.append((now - ended).total_seconds())
        if isinstance(command, OfferCandidates) and isinstance(said[0], RoundRequested | QuestionUnmatched):
            free = [one.expert_id for one in command.candidates if not self.full(one.expert_id)]
            assert set(free) <= known.asked, "left standing while someone was free"
