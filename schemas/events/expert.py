"""Events of experts, keyed by the expert's user id."""

from typing import Annotated, ClassVar
from uuid import UUID

from schemas.base import EventData, Personal, Said
from schemas.topics import EXPERTS


class Specialty(Said):
    """One thing an expert knows: a name in their words, and a level from 1 (beginner) to 5 (authority)."""

    name: Annotated[str, Personal("expert_id")]
    level: int


class _ExpertEvent(EventData):
    TOPIC: ClassVar[str] = EXPERTS
    expert_id: UUID

    @property
    def partition_key(self) -> UUID:
        return self.expert_id


class ExpertProfileSet(_ExpertEvent):
    """An expert said what they know and how much they take on."""

    TYPE: ClassVar[str] = "yeon.expert.profile_set.v1"
    display_name: Annotated[str, Personal("expert_id")]
    specialties: tuple[Specialty, ...]
    experience_years: int
    bio: Annotated[str, Personal("expert_id")] = ""
    capacity: int
    """How many open rooms the expert takes at once."""
    available: bool
    demo: bool = False


class ExpertEngaged(_ExpertEvent):
    """An expert took on a question; `openRooms` is the count after it."""

    TYPE: ClassVar[str] = "yeon.expert.engaged.v1"
    question_id: UUID
    open_rooms: int


class ExpertReleased(_ExpertEvent):
    """A question the expert was in has ended, or they left; `openRooms` is the count after it."""

    TYPE: ClassVar[str] = "yeon.expert.released.v1"
    question_id: UUID
    open_rooms: int


EVENTS: tuple[type[EventData], ...] = (ExpertProfileSet, ExpertEngaged, ExpertReleased)
