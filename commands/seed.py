"""Makes the demo people, through the same commands as everyone's. Made again, nothing happens."""

import asyncio
from uuid import uuid5

from argon2 import PasswordHasher

from commands.application import Commands
from infra.clock import now
from infra.demo.people import DEMO_PASSWORD, PEOPLE
from infra.demo.person import DemoPerson
from schemas.commands import Command
from schemas.commands.account import RegisterAccount
from schemas.commands.expert import SetExpertProfile, SpecialtyGiven
from schemas.envelope import Context


async def seed(commands: Commands) -> int:
    """Registers everyone and states what the experts know; returns how many people there are."""
    password_hash = await asyncio.to_thread(PasswordHasher().hash, DEMO_PASSWORD)
    await asyncio.gather(*(_make(commands, person, password_hash) for person in PEOPLE))
    return len(PEOPLE)


async def _make(commands: Commands, person: DemoPerson, password_hash: str) -> None:
    account = RegisterAccount(
        user_id=person.user_id,
        username=person.username,
        email=person.email,
        password_hash=password_hash,
        role=person.role,
        display_name=person.display_name,
        demo=True,
    )
    await commands.execute(account, _context(person, account))
    if person.skills:
        profile = SetExpertProfile(
            specialties=tuple(SpecialtyGiven(name=skill.name, level=skill.level) for skill in person.skills),
            experience_years=person.experience_years,
            bio=person.bio,
            capacity=person.capacity,
        )
        await commands.execute(profile, _context(person, profile))


def _context(person: DemoPerson, command: Command) -> Context:
    """Always the same id for the same step, so that a repeated one finds its outcome."""
    command_id = uuid5(person.user_id, f"demo:{command.NAME}")
    return Context(command_id, person.user_id, now(), command_id)
