"""What a question remembers, and what each of its events changes in that."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from commands.sourced import State
from schemas.base import EventData, Personal, QuestionStatus, Urgency
from schemas.events.question import (
    Candidate,
    ExpertRated,
    ExpertSilent,
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
    RoundRequested,
)


class QuestionState(State):
    """A question, its open offers, and who may be offered it next."""

    asker_id: UUID
    content: Annotated[str, Personal("asker_id")]
    category: Annotated[str | None, Personal("asker_id")]
    urgency: Urgency
    demo: bool
    status: QuestionStatus = "pending"
    round: int = 1
    rounds_before: int = 0
    """Rounds that ended unmatched before the asker tried again."""
    bench: tuple[Candidate, ...] = ()
    offers: tuple[Offer, ...] = ()
    """The open ones."""
    asked: tuple[UUID, ...] = ()
    """Everyone who was ever made an offer."""
    accepted: tuple[UUID, ...] = ()
    accepted_at: dict[UUID, datetime] = Field(default_factory=dict)
    silent: tuple[UUID, ...] = ()
    """Those among the accepted who said nothing in time."""
    looking: bool = False
    """Whether others are looked for while the room is open, since all who accepted are silent."""
    stars: dict[UUID, int] = Field(default_factory=dict)
    resolved_at: datetime | None = None
    shared: tuple[UUID, ...] = ()
    """Those who let the archive have their words."""

    def waits_since(self, round_number: int) -> bool:
        """Whether nobody was left after this round, and the question waits for somebody to become free."""
        return self.status == "unmatched" and self.round == round_number

    @classmethod
    def of(cls, data: QuestionAsked) -> "QuestionState":
        """A question that was just asked."""
        return cls(
            asker_id=data.asker_id,
            content=data.content,
            category=data.category,
            urgency=data.urgency,
            demo=data.demo,
        )


def remembered(state: QuestionState, data: EventData, at: datetime) -> None:
    """Take an event after the first into `state`."""
    match data:
        case QuestionEdited():
            state.content, state.category, state.urgency = data.content, data.category, data.urgency
        case QuestionMatched():
            state.looking = False
            if not data.in_progress:
                state.status = "matched"
            state.bench = data.candidates
            _offered(state, data.offers)
        case QuestionOffered():
            _offered(state, data.offers)
        case OfferAccepted():
            state.status = "in_progress"
            state.accepted = (*state.accepted, data.expert_id)
            state.accepted_at = {**state.accepted_at, data.expert_id: at}
            _closed(state, (data.expert_id,))
        case ExpertSilent():
            state.silent = (*state.silent, data.expert_id)
        case OfferDeclined():
            _closed(state, (data.expert_id,))
        case OffersExpired() | OffersWithdrawn():
            _closed(state, data.expert_ids)
        case RoundRequested():
            if state.status == "unmatched":
                state.rounds_before = state.round
            if data.in_progress:
                state.looking = True
            else:
                state.status = "pending"
            state.round = data.round
            state.bench = ()
        case QuestionUnmatched():
            state.status = "unmatched"
        case QuestionResolved():
            state.status = "resolved"
            state.looking = False
            state.resolved_at = at
        case QuestionReopened():
            state.status = "in_progress"
        case QuestionCancelled():
            state.status = "cancelled"
            state.looking = False
        case ExpertRated():
            state.stars = {**state.stars, data.expert_id: data.stars}
        case QuestionShared():
            others = tuple(one for one in state.shared if one != data.user_id)
            state.shared = (*others, data.user_id) if data.shared else others


def _offered(state: QuestionState, offers: tuple[Offer, ...]) -> None:
    chosen = {offer.expert_id for offer in offers}
    state.offers = (*state.offers, *offers)
    state.asked = (*state.asked, *(offer.expert_id for offer in offers))
    state.bench = tuple(one for one in state.bench if one.expert_id not in chosen)


def _closed(state: QuestionState, expert_ids: tuple[UUID, ...]) -> None:
    state.offers = tuple(offer for offer in state.offers if offer.expert_id not in expert_ids)
