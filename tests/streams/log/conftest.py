"""A store with every type of event in it, and `yeon log` over it."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from infra.embedded import Broker
from infra.embedded.ports import any_free
from infra.postgres import pool as connect
from infra.settings import settings
from streams.log.__main__ import app
from tests.projections.history import History
from tests.projections.whole_stories import rich, store

Yeon = Callable[..., Result]


async def _fill(url: str, history: History) -> None:
    async with connect(url, "test") as pool:
        await store(pool, history.events)


@pytest.fixture(scope="module")
def told() -> History:
    """What happened: six questions, every type of event."""
    return rich()


@pytest.fixture(scope="module")
def store_url(module_database: str, told: History) -> str:
    """A store that holds `told`."""
    asyncio.run(_fill(module_database, told))
    return module_database


@pytest.fixture
def yeon_log(store_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Yeon]:
    """Runs `yeon log` with arguments, on that store."""
    monkeypatch.setenv("YEON_POSTGRES_URL", store_url)
    settings.cache_clear()

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(one) for one in arguments])

    yield run
    settings.cache_clear()


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[str]:
    """A Kafka that holds nothing yet."""
    part = Broker(tmp_path / "broker", any_free(), tmp_path / "broker.log")
    part.start()
    yield part.url
    part.stop()
