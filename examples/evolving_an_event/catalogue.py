"""How an event changes without breaking a reader: a field added to `.v1`, and then a `.v2` published beside it.

A rating was a number of stars. Revision 2 may say why. Then stars and reason become one object, which no reader of
`.v1` could take: that is another type, and both are written until nobody reads the first.
"""

from typing import Annotated, ClassVar
from uuid import UUID

from schemas.base import EventData, Personal, Said
from schemas.topics import CONVERSATIONS


class _AboutAQuestion(EventData):
    TOPIC: ClassVar[str] = CONVERSATIONS
    question_id: UUID
    asker_id: UUID

    @property
    def partition_key(self) -> UUID:
        return self.question_id


class RatedAtFirst(_AboutAQuestion):
    """Revision 1: stars alone."""

    TYPE: ClassVar[str] = "example.question.rated.v1"
    stars: int


class Rated(RatedAtFirst):
    """Revision 2: the same type, with one optional field more. It has a default, so records without it still read."""

    reason: Annotated[str, Personal("asker_id")] = ""


class Verdict(Said):
    """Stars from 1 to 5, and why, in the asker's words."""

    stars: int
    reason: Annotated[str, Personal("asker_id")] = ""


class RatedV2(_AboutAQuestion):
    """Another shape is another type."""

    TYPE: ClassVar[str] = "example.question.rated.v2"
    verdict: Verdict


READERS: dict[str, tuple[str, ...]] = {
    Rated.TYPE: ("quality-report",),
    RatedV2.TYPE: ("quality-dashboard",),
}
"""Who said that they read a type. The last name to leave the list of an old type ends its being written."""


def said(question_id: UUID, asker_id: UUID, verdict: Verdict) -> tuple[EventData, ...]:
    """What is written for one rating: the new type, and the old one as long as someone reads it."""
    new = RatedV2(question_id=question_id, asker_id=asker_id, verdict=verdict)
    if not READERS[Rated.TYPE]:
        return (new,)
    return (new, Rated(question_id=question_id, asker_id=asker_id, **verdict.model_dump()))
