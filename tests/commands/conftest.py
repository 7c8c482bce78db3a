"""What tests of commands begin with."""

from collections.abc import AsyncIterator, Callable

import pytest

from commands.application import Commands
from infra.settings import Settings
from tests.commands.deciding import World
from tests.commands.writing import Writer


@pytest.fixture
def world() -> World:
    """Nobody is there yet."""
    return World()


@pytest.fixture
def store(fresh_database: Callable[[], str]) -> str:
    """The URL of an empty store."""
    return fresh_database()


@pytest.fixture
async def writer(store: str) -> AsyncIterator[Writer]:
    """A started writer on that store."""
    commands = Commands(Settings(postgres_url=store))
    await commands.start()
    yield Writer(commands)
    await commands.stop()
