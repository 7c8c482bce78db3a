"""Whoever runs the machine makes the first operator."""

from typing import Any

import pytest

from commands.application import Commands
from commands.grant import Given, NobodyOfThatName, grant
from infra.clock import now
from infra.ids import new_id
from infra.settings import Settings
from schemas.commands import Command
from schemas.commands.account import GrantRole, RegisterAccount
from schemas.envelope import Context
from schemas.port import Refused


async def execute(chosen: Settings, user: Any, command: Command) -> None:
    commands = Commands(chosen)
    await commands.start()
    try:
        await commands.execute(command, Context(new_id(), user, now(), new_id()))
    finally:
        await commands.stop()


async def registered(chosen: Settings, username: str) -> Any:
    user = new_id()
    account = RegisterAccount(
        user_id=user,
        username=username,
        email=f"{username}@example.org",
        password_hash="none",
        role="questioner",
        display_name=username,
    )
    await execute(chosen, user, account)
    return user


async def test_the_first_operator_may_make_the_next(store: str) -> None:
    chosen = Settings(postgres_url=store)
    first, second = await registered(chosen, "first"), await registered(chosen, "second")
    more = GrantRole(user_id=second, role="operator")
    with pytest.raises(Refused):
        await execute(chosen, first, more)

    await grant(chosen, "first", Given.OPERATOR)

    await execute(chosen, first, more)
    await execute(chosen, second, GrantRole(user_id=first, role="expert"))


async def test_nobody_of_that_name(store: str) -> None:
    with pytest.raises(NobodyOfThatName, match="'stranger'"):
        await grant(Settings(postgres_url=store), "stranger", Given.OPERATOR)
