"""Waiting questions are served one at a time, in their turn, by one worker: over the real views and a store that notes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from psycopg import AsyncConnection

from infra.postgres import pool as connect
from infra.settings import Settings
from projections.prepare import prepare
from projections.queries.reading import Pool
from projections.queries.waiting import next_servable
from schemas.base import Urgency
from schemas.commands import Command
from schemas.commands.question import ServeWaiting
from schemas.envelope import Context, Outcome
from schemas.port import Unavailable
from schemas.topics import CONVERSATIONS
from streams.waiting import LONGEST_PAUSE, Tried, keep_serving, serve_next
from tests.commands.waiting_line import FIRST, Free, Waiting, can_serve, next_of

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
WEEK = timedelta(days=7)


@pytest_asyncio.fixture
async def pool(module_database: str) -> AsyncIterator[Pool]:
    async with connect(module_database, "test") as connections:
        await prepare(connections)
        async with connections.connection() as connection:
            await connection.execute("TRUNCATE views.questions, views.offers, views.experts")
        yield connections


async def lay(pool: Pool, waiting: list[Waiting], free: list[Free], capacity: int = 5) -> None:
    """The rows of those who wait and those who are free; half of what takes their places are open offers."""
    async with pool.connection() as connection, connection.transaction():
        for one in waiting:
            await connection.execute(
                "INSERT INTO views.questions (question_id, asker_id, urgency, status, round, demo, created_at)"
                " VALUES (%s, %s, %s, 'unmatched', %s, %s, %s)",
                (one.question, one.asker, one.urgency, one.round, one.demo, one.since),
            )
            for expert in one.asked:
                await offered(connection, one.question, expert, "declined")
        for expert in free:
            taken = capacity - expert.places
            await connection.execute(
                "INSERT INTO views.experts (expert_id, capacity, available, demo, open_rooms)"
                " VALUES (%s, %s, true, %s, %s)",
                (expert.expert, capacity, expert.demo, taken - taken // 2),
            )
            for _ in range(taken // 2):
                await offered(connection, uuid4(), expert.expert, "open")


async def offered(connection: AsyncConnection, question: UUID, expert: UUID, state: str) -> None:
    await connection.execute(
        "INSERT INTO views.offers (question_id, expert_id, state) VALUES (%s, %s, %s)",
        (question, expert, state),
    )


class Desk:
    """A command port with a matcher behind it: whoever is served is at once offered to the expert it was served for."""

    def __init__(
        self, pool: Pool, away: int = 0, matched: Callable[[UUID], bool] = lambda question: True
    ) -> None:
        self._pool = pool
        self._away = away
        self._matched = matched
        self.sent: list[ServeWaiting] = []

    async def execute(self, command: Command, context: Context) -> Outcome:
        assert isinstance(command, ServeWaiting)
        if self._away:
            self._away -= 1
            raise Unavailable
        self.sent.append(command)
        status = "matched" if self._matched(command.question_id) else "unmatched"
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(
                "UPDATE views.questions SET status = %s, round = round + 1 WHERE question_id = %s",
                (status, command.question_id),
            )
            if status == "matched":
                await offered(connection, command.question_id, command.expert_id, "open")
        return Outcome(1, CONVERSATIONS, 0)


def question(urgency: Urgency, minutes_ago: float) -> Waiting:
    return Waiting(uuid4(), uuid4(), urgency, NOW - timedelta(minutes=minutes_ago), 3, frozenset())


@pytest.mark.parametrize("seed", range(12))
async def test_the_views_name_whose_turn_it_is(pool: Pool, seed: int) -> None:
    # given any number of questions and experts, some of whom were asked before, have no place, or ask themselves
    random = Random(seed)
    ids = [UUID(int=random.getrandbits(128), version=4) for _ in range(40)]
    free = [Free(one, random.choice([0, 0, 0, 1, 2, 5]), random.random() < 0.2) for one in ids[:6]]
    waiting = [
        Waiting(
            one,
            random.choice(ids[:20]),
            random.choice(FIRST),
            NOW - timedelta(minutes=random.randint(0, 5)),
            random.randint(3, 9),
            frozenset(random.sample(ids[:6], random.randint(3, 6))),
            random.random() < 0.2,
        )
        for one in ids[20 : 20 + random.randint(1, 15)]
    ]
    await lay(pool, waiting, free)
    paused: list[tuple[UUID, UUID]] = []

    # when each that is named is passed over from then on
    for _ in range(len(waiting) * len(free) + 1):
        found = await next_servable(pool, NOW - WEEK, paused)
        expected = next_of(waiting, free, paused)

        # then it is always the one that plain rules name, to the end
        if expected is None:
            assert found is None
            break
        assert found is not None
        assert (found.question_id, found.round) == (expected[0].question, expected[0].round)
        assert found.expert_id == expected[1]
        paused.append(found.pair)
    assert not any(can_serve(one, expert, paused) for one in waiting for expert in free)


async def test_each_place_goes_to_the_most_urgent_and_oldest(pool: Pool) -> None:
    # given four who wait, one for longer than is waited, and one expert with three places
    newer, older, urgent = question("medium", 5), question("medium", 60), question("high", 1)
    low, forgotten = question("low", 600), question("high", 60 * 24 * 8)
    await lay(pool, [newer, low, older, forgotten, urgent], [Free(uuid4(), 3)])
    desk, tried = Desk(pool), Tried()

    # when they are served for as long as there is anything to do
    while await serve_next(pool, desk, tried, WEEK, lambda: NOW):
        pass

    # then three are, in their turn, and the fourth waits
    assert [one.question_id for one in desk.sent] == [one.question for one in (urgent, older, newer)]


async def test_what_came_to_nothing_holds_nobody_up_and_is_tried_again_later(pool: Pool) -> None:
    # given two who wait, and a matcher that finds nobody for the older one
    older, newer = question("medium", 60), question("medium", 5)
    expert = Free(uuid4(), 2)
    await lay(pool, [older, newer], [expert])
    desk, tried = Desk(pool, matched=lambda asked: asked == newer.question), Tried()

    # when they are served, and again after half a minute and after a minute
    for seconds in (0, 30, 60):
        then = partial(NOW.__add__, timedelta(seconds=seconds))
        while await serve_next(pool, desk, tried, WEEK, then):
            pass

    # then the newer one was not held up, and the older one was tried anew after the minute
    assert [one.question_id for one in desk.sent] == [older.question, newer.question, older.question]


async def test_a_store_that_is_away_loses_nobody_their_turn(pool: Pool) -> None:
    one = question("medium", 5)
    await lay(pool, [one], [Free(uuid4(), 1)])
    desk, tried = Desk(pool, away=1), Tried()
    assert not await serve_next(pool, desk, tried, WEEK, lambda: NOW)
    assert await serve_next(pool, desk, tried, WEEK, lambda: NOW)
    assert [sent.question_id for sent in desk.sent] == [one.question]


async def test_of_two_workers_one_serves(pool: Pool) -> None:
    # given twenty who wait, and as many places
    now = datetime.now(UTC)
    waiting = [
        Waiting(uuid4(), uuid4(), "low", now - timedelta(minutes=n), 3, frozenset()) for n in range(20)
    ]
    await lay(pool, waiting, [Free(uuid4(), 5) for _ in range(4)])
    desk = Desk(pool)

    # when two workers serve them
    workers = [asyncio.create_task(keep_serving(pool, desk, Settings())) for _ in range(2)]
    async with asyncio.timeout(30):
        while len(desk.sent) < len(waiting):
            await asyncio.sleep(0.01)
    for worker in workers:
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker

    # then each was served once, the oldest first
    assert [one.question_id for one in desk.sent] == [one.question for one in reversed(waiting)]


def test_pauses_grow_and_are_forgotten() -> None:
    tried, pair, at = Tried(), (uuid4(), uuid4()), NOW
    for minutes in (1, 2, 4):
        tried.note(pair, at)
        assert tried.paused(at + timedelta(minutes=minutes) - timedelta(seconds=1)) == [pair]
        at += timedelta(minutes=minutes)
        assert tried.paused(at) == []
    at += LONGEST_PAUSE
    assert tried.paused(at) == []
    tried.note(pair, at)
    assert tried.paused(at + timedelta(minutes=1)) == []
