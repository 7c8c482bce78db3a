"""What the archive may hold of a conversation, by the consent of those in it. Pure.

A conversation is in the archive while it is resolved and its asker shares it. Of it, each person's words make one
passage, and only of those who share theirs: the asker's question and messages, and the messages of experts who
accepted. Nothing of guests, of files, of what was taken back, or of anybody who was erased.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from schemas.base import EventData
from schemas.events.question import (
    OfferAccepted,
    QuestionAsked,
    QuestionCancelled,
    QuestionEdited,
    QuestionReopened,
    QuestionResolved,
    QuestionShared,
)
from schemas.events.room import MessagePosted, MessageRedacted


@dataclass(frozen=True, slots=True)
class Passage:
    """One person's words in one conversation."""

    question_id: UUID
    asker_id: UUID
    author_id: UUID
    text: str
    category: str | None
    demo: bool


@dataclass(frozen=True, slots=True)
class Shared:
    """Whose words of a conversation the archive may hold: nobody's, or the asker's and those of some experts."""

    asked: QuestionAsked
    """With the words as they were last put."""
    authors: frozenset[UUID]


def shared_of(question: Iterable[EventData]) -> Shared | None:
    """What the events of a question's stream come to; None for a stream that does not begin with its asking."""
    asked: QuestionAsked | None = None
    sharing: set[UUID] = set()
    took_part: set[UUID] = set()
    resolved = False
    for data in question:
        match data:
            case QuestionAsked():
                asked = data
                took_part.add(data.asker_id)
            case QuestionEdited() if asked is not None:
                asked = reworded(asked, data)
            case OfferAccepted():
                took_part.add(data.expert_id)
            case QuestionResolved():
                resolved = True
            case QuestionReopened() | QuestionCancelled():
                resolved = False
            case QuestionShared(shared=True):
                sharing.add(data.user_id)
            case QuestionShared():
                sharing.discard(data.user_id)
    if asked is None:
        return None
    open_to_all = resolved and asked.asker_id in sharing
    return Shared(asked, frozenset(sharing & took_part) if open_to_all else frozenset())


def reworded(asked: QuestionAsked, edited: QuestionEdited) -> QuestionAsked:
    """The question in the words it was later put in."""
    return asked.model_copy(update={"content": edited.content, "category": edited.category})


def passages_of(shared: Shared, room: Sequence[EventData], erased: Collection[UUID]) -> list[Passage]:
    """The passages of a conversation, the asker's first; `room` are the events of its room's stream."""
    asked = shared.asked
    if asked.asker_id not in shared.authors or asked.asker_id in erased or not asked.content:
        return []
    redacted = {data.message_id for data in room if isinstance(data, MessageRedacted)}
    sharing = shared.authors - set(erased)
    said: dict[UUID, list[str]] = {asked.asker_id: [asked.content]}
    for data in room:
        if not isinstance(data, MessagePosted) or data.message_type != "text" or not data.content:
            continue
        if data.sender_id in sharing and data.message_id not in redacted:
            said.setdefault(data.sender_id, []).append(data.content)
    return [
        Passage(asked.question_id, asked.asker_id, author, "\n".join(texts), asked.category, asked.demo)
        for author, texts in said.items()
    ]
