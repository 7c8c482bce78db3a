"""The bodies of the calls about the archive of shared conversations, and their answers."""

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from schemas.base import ClosedSaid, Said
from schemas.wire.suggestions import SimilarSaid


class ShareBody(ClosedSaid):
    """Whether the archive may have one's own words of a conversation."""

    shared: bool


class WordsSaid(Said):
    """A message of somebody who shares theirs."""

    sender_id: UUID
    sender_name: str
    content: str
    created_at: AwareDatetime


class ConversationSaid(Said):
    """A conversation of the archive."""

    question_id: UUID
    content: str
    category: str | None
    user_id: UUID
    user_name: str
    resolved_at: AwareDatetime
    messages: tuple[WordsSaid, ...]


class SourceSaid(SimilarSaid):
    """A conversation that a draft cites, by the number in it."""

    number: int


class DraftSaid(Said):
    """A draft that cites its sources. Without one `reason` says why: no model is set, it failed, or nothing helps."""

    draft: str | None
    reason: Literal["off", "failed", "nothing"] | None = None
    sources: tuple[SourceSaid, ...] = ()
