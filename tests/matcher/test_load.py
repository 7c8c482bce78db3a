"""Whoever is asked much pays for it on live lists, by what the log says and nothing else."""

from collections.abc import Callable
from uuid import UUID

import pytest
from psycopg_pool import AsyncConnectionPool

from infra.log import EventLog
from matcher.analysis import analyse
from matcher.fairness import ASKED
from matcher.load import Load, margins_of
from matcher.ranking import RANKER, Considered, Ranked, rank
from tests.matcher.world import World
from tests.projections.history import Conversation, History
from tests.projections.whole_stories import store

Consider = Callable[..., Considered]
BUSY = [UUID(int=n) for n in range(1, 6)]


@pytest.fixture
def ranking(consider: Consider) -> list[Ranked]:
    """Twenty experts of nearly the same worth; the first five are a little better."""
    experts = [consider(n, similarity=0.8 - n / 1_000) for n in range(1, 21)]
    return rank(analyse("파이썬 질문이에요"), experts, (0.0, 1.0))


async def told(pool: AsyncConnectionPool, lists: int) -> int:
    """As many lists of twenty candidates, of whom the same five are asked; the position after them."""
    history = History()
    asker = history.person("묻는 이")
    for number in range(lists):
        one = Conversation(history, str(number), asker)
        one.asked()
        one.matched([UUID(int=n) for n in range(1, 21)], asked=len(BUSY))
    await store(pool, history.events)
    return len(history.events) + 1


def names(ranking: list[Ranked]) -> list[int]:
    return [one.expert_id.int for one in ranking]


async def test_those_who_stood_in_every_list_make_room(world: World, ranking: list[Ranked]) -> None:
    after = await told(world.pool, 60)
    load = Load(EventLog(world.pool))

    before, free = await load.spared(ranking, RANKER, 1)
    spared, prices = await load.spared(ranking, RANKER, after)

    assert (names(before), set(free)) == (names(ranking), {0.0})
    assert not set(names(spared)[:ASKED]) & {one.int for one in BUSY}
    assert sorted(names(spared)) == sorted(names(ranking))
    assert {p > 0 for one, p in zip(spared, prices, strict=True) if one.expert_id in BUSY} == {True}
    for part in (spared[:ASKED], spared[ASKED:]):
        assert [one.score for one in part] == sorted((one.score for one in part), reverse=True)


async def test_somebody_much_better_is_asked_all_the_same(world: World, consider: Consider) -> None:
    after = await told(world.pool, 60)
    experts = [consider(n, similarity=1.0 if n == 1 else 0.0, online=n == 1) for n in range(1, 21)]
    best_first = rank(analyse("파이썬 질문이에요"), experts, (0.0, 1.0))

    spared, _ = await Load(EventLog(world.pool)).spared(best_first, RANKER, after)

    assert spared[0].expert_id == BUSY[0]


async def test_prices_are_the_same_whoever_looks_and_whenever(world: World, ranking: list[Ranked]) -> None:
    after = await told(world.pool, 45)
    log = EventLog(world.pool)
    following = Load(log, span=20)

    seen = {at: await following.spared(ranking, RANKER, at) for at in range(1, after + 1)}

    for at in (after, 70, 41, 40, 21, 20, 2):
        assert await Load(log, span=20).spared(ranking, RANKER, at) == seen[at]
        assert await following.spared(ranking, RANKER, at) == seen[at]


async def test_what_is_long_ago_costs_nothing(world: World, ranking: list[Ranked]) -> None:
    await told(world.pool, 20)

    _, prices = await Load(EventLog(world.pool), span=30).spared(ranking, RANKER, 120)

    assert set(prices) == {0.0}


def test_scores_are_made_margins() -> None:
    assert margins_of([0.5, 0.7], RANKER)[1] - margins_of([0.5, 0.7], RANKER)[0] == pytest.approx(2.0)
    assert margins_of([0.5, 0.0, 1.0], "lambdamart")[0] == 0.0
    assert abs(margins_of([0.0, 1.0], "lambdamart")).max() < 20
