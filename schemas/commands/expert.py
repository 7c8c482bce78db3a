"""Commands of experts."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.base import ClosedSaid, Level, Name, ShortText
from schemas.commands.base import Command


class SpecialtyGiven(ClosedSaid):
    """One thing a person says they know."""

    name: Name
    level: Level


class SetExpertProfile(Command):
    """State for oneself what one knows, for how long, and how many rooms one takes at once."""

    NAME: ClassVar[str] = "set_expert_profile"
    specialties: Annotated[tuple[SpecialtyGiven, ...], Field(min_length=1, max_length=20)]
    experience_years: Annotated[int, Field(ge=0, le=80)]
    bio: ShortText = ""
    capacity: Annotated[int, Field(ge=1, le=50)] = 3
    available: bool = True


COMMANDS: tuple[type[Command], ...] = (SetExpertProfile,)
