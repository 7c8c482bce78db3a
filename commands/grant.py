"""`yeon grant USERNAME ROLE`: whoever runs the machine gives a role; this is how the first operator is made."""

import asyncio
import sys
from enum import StrEnum
from typing import Annotated

import typer
from psycopg import OperationalError

from commands.application import Commands
from infra.clock import now
from infra.credentials import Credentials
from infra.ids import new_id
from infra.postgres import pool, prepare
from infra.settings import Settings, settings
from schemas.commands.account import GrantRole
from schemas.envelope import Context
from schemas.ids import SYSTEM
from schemas.port import Unavailable


class Given(StrEnum):
    """The roles there are."""

    QUESTIONER = "questioner"
    EXPERT = "expert"
    BOTH = "both"
    OPERATOR = "operator"


class NobodyOfThatName(Exception):
    """There is no account with this username."""


async def grant(chosen: Settings, username: str, role: Given) -> None:
    """Give `role` to the account named `username`; raises `NobodyOfThatName`. It counts from their next sign-in."""
    async with pool(chosen.postgres_url, "grant") as database:
        found = await Credentials(database).by_username(username)
    if found is None:
        raise NobodyOfThatName(f"nobody is called {username!r}")
    commands = Commands(chosen)
    await commands.start()
    try:
        command_id = new_id()
        command = GrantRole(user_id=found.user_id, role=role.value)
        await commands.execute(command, Context(command_id, SYSTEM, now(), command_id))
    finally:
        await commands.stop()


def _main(
    username: Annotated[str, typer.Argument(help="Who is given the role.")],
    role: Annotated[Given, typer.Argument(help="The role, operator included.")],
) -> None:
    """Give somebody a role: the only way to the first operator. It counts from their next sign-in."""
    chosen = settings()
    try:
        prepare(chosen.postgres_url)
        asyncio.run(grant(chosen, username, role))
    except (NobodyOfThatName, Unavailable, OperationalError) as error:
        sys.exit(f"the role was not given: {error}")
    print(f"{username} is {role.value} from the next sign-in.")


if __name__ == "__main__":
    typer.run(_main)
