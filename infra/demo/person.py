"""What a demo person is. They are made up; everything they say is marked as a demo."""

from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

from schemas.base import Role

DEMO_DOMAIN = "demo.example.com"
"""Of their addresses, to which nothing is ever sent. The name is reserved (RFC 2606): no mail server is there."""


@dataclass(frozen=True, slots=True)
class Skill:
    """One specialty, with a level from 1 (beginner) to 5 (authority)."""

    name: str
    level: int


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """An account to be made for demonstrations; with `skills`, an expert's profile too."""

    username: str
    display_name: str
    role: Role
    bio: str = ""
    skills: tuple[Skill, ...] = ()
    experience_years: int = 0
    capacity: int = 3
    bot: bool = False
    """Answers by itself (`python -m infra.demo bots`)."""

    @property
    def user_id(self) -> UUID:
        """The same at every installation, so that making the people twice makes them once."""
        return uuid5(NAMESPACE_URL, f"urn:yeongyeori:demo:{self.username}")

    @property
    def email(self) -> str:
        return f"{self.username}@{DEMO_DOMAIN}"


def expert(
    username: str,
    display_name: str,
    years: int,
    skills: dict[str, int],
    bio: str,
    *,
    capacity: int = 3,
    bot: bool = False,
) -> DemoPerson:
    """A demo expert; `skills` gives each specialty its level."""
    return DemoPerson(
        username=username,
        display_name=display_name,
        role="expert",
        bio=bio,
        skills=tuple(Skill(name, level) for name, level in skills.items()),
        experience_years=years,
        capacity=capacity,
        bot=bot,
    )
