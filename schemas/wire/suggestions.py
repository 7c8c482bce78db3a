"""What the client may show while a question is being written: nothing here is kept."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from schemas.base import ClosedSaid, Said


class SuggestBody(ClosedSaid):
    """What has been written so far; nothing yet, at first."""

    content: Annotated[str, Field(max_length=4_000)] = ""


class SimilarSaid(Said):
    """A resolved question that the person may see: their own with the room where it was answered, or one of the
    archive with a link to it."""

    question_id: UUID
    content: str
    room_id: UUID | None
    resolved_at: AwareDatetime
    score: float
    """From 0 to 1: by the words in common, of the archive by meaning as well."""
    excerpt: str = ""
    """The beginning of what was said to it, of the archive."""
    link: str | None = None
    """Where the conversation is read, of the archive."""


class AboutSaid(Said):
    """Who is about now, and how long askers usually wait."""

    experts: int
    """Those who take offers and have a place free."""
    online: int
    """Of them, those who are connected now."""
    usual_wait_seconds: float | None
    """The median from asking to the first acceptance, of the latest questions; none before there were any."""


class SuggestionsSaid(Said):
    """`category` is none where the words do not say."""

    about: AboutSaid
    category: str | None
    similar: tuple[SimilarSaid, ...]
