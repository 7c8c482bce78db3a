"""Events of the matcher itself, keyed by the matcher's own id: which ranker is live. Nobody's words stand in them."""

from typing import Annotated, ClassVar
from uuid import UUID

from schemas.base import EventData, Impersonal
from schemas.topics import MATCHER


class RankerChosen(EventData):
    """From this position on questions are ranked by this ranker, until another is chosen."""

    TYPE: ClassVar[str] = "yeon.matcher.ranker_chosen.v1"
    TOPIC: ClassVar[str] = MATCHER
    matcher_id: UUID
    version: Annotated[str, Impersonal("a name of ours")]
    """Of the artefact, or of the hand-set weights; matches name it as their ranker."""
    sha256: Annotated[str, Impersonal("the digest of an artefact's manifest")] = ""
    """Empty for the hand-set weights. An artefact with another digest is not used."""
    encoder: Annotated[str, Impersonal("a name of ours")] = ""
    """The encoder that the ranker learnt with; empty for the hand-set weights."""
    previous: Annotated[str, Impersonal("a name of ours")]
    """The version that was live before."""
    rolled_back: bool = False
    """Whether this takes the last choice back."""

    @property
    def partition_key(self) -> UUID:
        return self.matcher_id


EVENTS: tuple[type[EventData], ...] = (RankerChosen,)
