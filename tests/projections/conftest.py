"""A database with the views in it, and the log beside them."""

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from infra.log import EventLog
from infra.postgres import pool as connect
from projections.prepare import prepare
from projections.queries.reading import Pool
from tests.projections.history import Conversation, History, id_of
from tests.projections.world import World


@pytest_asyncio.fixture
async def pool(fresh_database: Callable[[], str]) -> AsyncIterator[Pool]:
    """Empty views, in a database of their own."""
    async with connect(fresh_database(), "test") as opened:
        await prepare(opened)
        yield opened


@pytest_asyncio.fixture
async def log(pool: Pool) -> EventLog:
    """The event store of the same database."""
    return EventLog(pool)


@pytest.fixture
def world() -> World:
    """Nothing of it applied yet."""
    return World()


@pytest.fixture
def one() -> Conversation:
    return Conversation(History(), "1", id_of("묻는 이"))
