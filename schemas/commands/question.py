"""Commands of questions and offers."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from schemas.base import Category, QuestionText, ShortText, Urgency
from schemas.commands.base import Command
from schemas.events.question import Candidate, ModelRef, QuestionAnalysis


class AskQuestion(Command):
    """Ask. The sender becomes the asker."""

    NAME: ClassVar[str] = "ask_question"
    question_id: UUID
    content: QuestionText
    category: Category | None = None
    urgency: Urgency = "medium"


class EditQuestion(Command):
    """The asker puts a question that nobody accepted yet in other words."""

    NAME: ClassVar[str] = "edit_question"
    question_id: UUID
    content: QuestionText
    category: Category | None = None
    urgency: Urgency = "medium"


class OfferCandidates(Command):
    """The matcher's ranking for one round, best first. Empty means nobody was found."""

    NAME: ClassVar[str] = "offer_candidates"
    question_id: UUID
    round: int
    model: ModelRef
    candidates: tuple[Candidate, ...]
    analysis: QuestionAnalysis | None = None


class AcceptOffer(Command):
    """The sender, an expert with an open offer, takes the question."""

    NAME: ClassVar[str] = "accept_offer"
    question_id: UUID


class DeclineOffer(Command):
    """The sender, an expert with an open offer, does not take the question."""

    NAME: ClassVar[str] = "decline_offer"
    question_id: UUID


class ExpireOffer(Command):
    """The clock ends one offer that is past its deadline."""

    NAME: ClassVar[str] = "expire_offer"
    question_id: UUID
    expert_id: UUID
    round: int


class GoOnWithout(Command):
    """The clock: an expert who accepted has said nothing in time."""

    NAME: ClassVar[str] = "go_on_without"
    question_id: UUID
    expert_id: UUID


class ServeWaiting(Command):
    """The clock: `expert_id` has a free place and was never asked, so an unmatched question that waits is tried again."""

    NAME: ClassVar[str] = "serve_waiting"
    question_id: UUID
    round: int
    """The last one of the question; once another began, this changes nothing."""
    expert_id: UUID


class RetryMatching(Command):
    """The asker of an unmatched question asks for it to be matched again."""

    NAME: ClassVar[str] = "retry_matching"
    question_id: UUID


class ResolveQuestion(Command):
    """The asker has what they needed."""

    NAME: ClassVar[str] = "resolve_question"
    question_id: UUID


class ReopenQuestion(Command):
    """The asker goes on with a resolved question."""

    NAME: ClassVar[str] = "reopen_question"
    question_id: UUID


class CancelQuestion(Command):
    """The asker withdraws the question."""

    NAME: ClassVar[str] = "cancel_question"
    question_id: UUID


class RateExpert(Command):
    """The asker rates an expert of a resolved question."""

    NAME: ClassVar[str] = "rate_expert"
    question_id: UUID
    expert_id: UUID
    stars: Annotated[int, Field(ge=1, le=5)]
    comment: ShortText = ""


class ShareConversation(Command):
    """The sender, who asked or accepted, lets the archive have their words of the conversation, or takes that back."""

    NAME: ClassVar[str] = "share_conversation"
    question_id: UUID
    shared: bool


COMMANDS: tuple[type[Command], ...] = (
    AskQuestion,
    EditQuestion,
    OfferCandidates,
    AcceptOffer,
    DeclineOffer,
    ExpireOffer,
    GoOnWithout,
    ServeWaiting,
    RetryMatching,
    ResolveQuestion,
    ReopenQuestion,
    CancelQuestion,
    RateExpert,
    ShareConversation,
)
