"""Events of questions and their offers, keyed by question id.

`told` lists who is to be notified, with the inbox number each was given inside the append. The frame a person
gets can be made from the event alone.
"""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime

from schemas.base import EventData, Impersonal, Personal, Said, Urgency
from schemas.topics import CONVERSATIONS

InboxFrame = Literal["question_assigned", "offer_closed", "expert_matched", "question_status", "room_opened"]


class Told(Said):
    """One notification: who, which frame, and its number in that person's inbox (from 1, without gaps)."""

    user_id: UUID
    frame: InboxFrame
    inbox_seq: int = 0
    """0 until the append gives the number."""


class Reason(Said):
    """Why a candidate: one feature, its value from 0 to 1, its share of the score, and a sentence for people."""

    feature: Annotated[str, Impersonal("a name of the ranker's")]
    value: float
    contribution: float
    ko: Annotated[str, Impersonal("a sentence of the ranker's, which quotes nobody")]
    en: Annotated[str, Impersonal("a sentence of the ranker's, which quotes nobody")]


class Candidate(Said):
    """An expert the matcher found; `score` from 0 to 1."""

    expert_id: UUID
    display_name: Annotated[str, Personal("expert_id")] = ""
    score: float
    reasons: tuple[Reason, ...] = ()
    price: float | None = None
    """What having been asked much lately cost them, in units of the ranker's margin. Unknown before revision 4."""
    propensity: float | None = None
    """The chance that they stand in this place, over the draws that somebody new is tried by. Unknown before revision 4."""


class Offer(Said):
    """One expert asked to take a question until `expiresAt`."""

    expert_id: UUID
    display_name: Annotated[str, Personal("expert_id")] = ""
    score: float
    reasons: tuple[Reason, ...] = ()
    round: int
    offered_at: AwareDatetime
    expires_at: AwareDatetime


class ModelRef(Said):
    """Which encoder, index and ranker produced a match."""

    encoder: Annotated[str, Impersonal("a name of ours")]
    index: Annotated[str, Impersonal("a name of ours")]
    ranker: Annotated[str, Impersonal("a name of ours")]


class QuestionAnalysis(Said):
    """What the question was found to say about itself; it changes neither category nor urgency of the question."""

    by: Annotated[str, Impersonal("a name of ours, or of the language model that an operator set")]
    fell_back: Annotated[str | None, Impersonal("a word of ours")] = None
    """Why a language model that was to be asked had no part in it."""
    language: Literal["ko", "en", "mixed"]
    category: Annotated[str | None, Personal("asker_id")] = None
    """A name from the operator's list, empty if unsure; sealed, since it tells what the person's question is about."""
    category_fit: float = 0.0
    """How well the nearest category fits, from 0 to 1."""
    keywords: Annotated[str, Personal("asker_id")] = ""
    """Words of the question, separated by commas."""
    urgency_hint: Urgency | None = None


class _QuestionEvent(EventData):
    TOPIC: ClassVar[str] = CONVERSATIONS
    question_id: UUID
    asker_id: UUID
    told: tuple[Told, ...] = ()

    @property
    def partition_key(self) -> UUID:
        return self.question_id


class _WithContent(_QuestionEvent):
    content: Annotated[str, Personal("asker_id")]
    category: Annotated[str | None, Personal("asker_id")] = None
    """Where the asker files it, in their words. Sealed in the store since revision 2."""
    urgency: Urgency
    demo: bool = False


class QuestionAsked(_WithContent):
    """A question was asked; the matcher takes up round 1."""

    TYPE: ClassVar[str] = "yeon.question.asked.v1"
    asker_name: Annotated[str, Personal("asker_id")] = ""


class QuestionEdited(_WithContent):
    """The asker put it in other words before anyone accepted. `offers` are the open ones; those experts are told anew."""

    TYPE: ClassVar[str] = "yeon.question.edited.v1"
    offers: tuple[Offer, ...] = ()


class QuestionMatched(_WithContent):
    """The matcher found candidates, and the first of them were made offers. `candidates` is the whole ranking."""

    TYPE: ClassVar[str] = "yeon.question.matched.v1"
    round: int
    model: ModelRef
    candidates: tuple[Candidate, ...]
    offers: tuple[Offer, ...]
    analysis: QuestionAnalysis | None = None
    """Unknown of matches before revision 3."""
    in_progress: bool = False
    """Everyone who accepted is silent: others are asked into the room that is open, and the status stays."""


class QuestionOffered(_WithContent):
    """The next candidates were made offers, after a decline or an expiry."""

    TYPE: ClassVar[str] = "yeon.question.offered.v1"
    round: int
    offers: tuple[Offer, ...]


class OfferAccepted(_QuestionEvent):
    """An expert accepted. With `first`, the question is now in progress and its room opens."""

    TYPE: ClassVar[str] = "yeon.question.offer_accepted.v1"
    expert_id: UUID
    room_id: UUID
    first: bool
    offered_at: AwareDatetime
    """When that offer was made, so that response times follow from the event alone."""


class OfferDeclined(_QuestionEvent):
    """An expert declined."""

    TYPE: ClassVar[str] = "yeon.question.offer_declined.v1"
    expert_id: UUID
    offered_at: AwareDatetime


class ExpertSilent(_QuestionEvent):
    """An expert who accepted said nothing in the room in time; while all who accepted are silent, others are asked."""

    TYPE: ClassVar[str] = "yeon.question.expert_silent.v1"
    expert_id: UUID
    accepted_at: AwareDatetime


class OffersExpired(_QuestionEvent):
    """Offers ran out unanswered; those experts are told."""

    TYPE: ClassVar[str] = "yeon.question.offers_expired.v1"
    expert_ids: tuple[UUID, ...]


class OffersWithdrawn(_QuestionEvent):
    """Offers were taken back: enough experts accepted (`taken`) or the asker ended it (`withdrawn`)."""

    TYPE: ClassVar[str] = "yeon.question.offers_withdrawn.v1"
    expert_ids: tuple[UUID, ...]
    reason: Literal["taken", "withdrawn"]


class RoundRequested(_WithContent):
    """Everyone asked so far said no or nothing, or the asker tried again: the matcher searches wider."""

    TYPE: ClassVar[str] = "yeon.question.round_requested.v1"
    round: int
    excluded: tuple[UUID, ...]
    """Experts already asked, who are not asked again."""
    in_progress: bool = False
    """Everyone who accepted is silent: the room stays open while others are looked for, and so does the status."""


class QuestionUnmatched(_QuestionEvent):
    """Every round is exhausted."""

    TYPE: ClassVar[str] = "yeon.question.unmatched.v1"
    rounds: int


class QuestionResolved(_QuestionEvent):
    """The asker has what they needed; ratings open."""

    TYPE: ClassVar[str] = "yeon.question.resolved.v1"


class QuestionReopened(_QuestionEvent):
    """The asker came back within the time allowed; the same room opens again."""

    TYPE: ClassVar[str] = "yeon.question.reopened.v1"


class QuestionCancelled(_QuestionEvent):
    """The asker withdrew the question."""

    TYPE: ClassVar[str] = "yeon.question.cancelled.v1"


class ExpertRated(_QuestionEvent):
    """The asker rated an expert who took part, 1 to 5 stars; a later rating replaces the earlier one."""

    TYPE: ClassVar[str] = "yeon.question.expert_rated.v1"
    expert_id: UUID
    stars: int
    previous_stars: int | None = None
    comment: Annotated[str, Personal("asker_id")] = ""


class QuestionShared(_QuestionEvent):
    """Somebody who took part lets the archive have their words of this conversation, or takes that back.

    The archive holds a conversation while it is resolved and its asker shares it; of the experts in it, the words of
    those who share as well.
    """

    TYPE: ClassVar[str] = "yeon.question.shared.v1"
    user_id: UUID
    shared: bool


EVENTS: tuple[type[EventData], ...] = (
    QuestionAsked,
    QuestionEdited,
    QuestionMatched,
    QuestionOffered,
    OfferAccepted,
    OfferDeclined,
    ExpertSilent,
    OffersExpired,
    OffersWithdrawn,
    RoundRequested,
    QuestionUnmatched,
    QuestionResolved,
    QuestionReopened,
    QuestionCancelled,
    ExpertRated,
    QuestionShared,
)
