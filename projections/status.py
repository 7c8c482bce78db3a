"""Where each event leaves a question, told from the event alone."""

from schemas.base import EventData, QuestionStatus
from schemas.events.question import (
    OfferAccepted,
    QuestionAsked,
    QuestionCancelled,
    QuestionMatched,
    QuestionReopened,
    QuestionResolved,
    QuestionUnmatched,
    RoundRequested,
)

_AFTER: dict[type[EventData], QuestionStatus] = {
    QuestionAsked: "pending",
    QuestionMatched: "matched",
    RoundRequested: "pending",
    OfferAccepted: "in_progress",
    QuestionUnmatched: "unmatched",
    QuestionResolved: "resolved",
    QuestionReopened: "in_progress",
    QuestionCancelled: "cancelled",
}


def status_after(data: EventData) -> QuestionStatus | None:
    """The status the question has after this event; None if the event leaves it where it is."""
    if isinstance(data, QuestionMatched | RoundRequested) and data.in_progress:
        return None
    return _AFTER.get(type(data))
