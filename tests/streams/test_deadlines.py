"""Offers end when their time is up, once, whatever restarts in between."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from infra.clock import now
from infra.log import EventLog
from infra.postgres import pool
from projections.prepare import prepare
from projections.queries.questions import DueOffer
from schemas.commands import Command
from schemas.commands.question import ExpireOffer
from schemas.envelope import Context, Outcome
from schemas.ids import SYSTEM, expiry_command
from schemas.port import Refused, Unavailable
from schemas.topics import CONVERSATIONS
from streams.deadlines import AGAIN, Deadlines, keep_deadlines

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def offer(ends: datetime) -> DueOffer:
    return DueOffer(uuid4(), uuid4(), 1, ends)


def key(one: DueOffer) -> tuple[object, object, int]:
    return (one.question_id, one.expert_id, one.round)


def test_offers_are_given_out_in_the_order_they_end_and_only_once() -> None:
    deadlines = Deadlines()
    late, early = offer(NOON + timedelta(seconds=2)), offer(NOON + timedelta(seconds=1))
    deadlines.add([late, early])
    deadlines.add([early])

    assert deadlines.due(NOON) == []
    assert deadlines.seconds_to_next(NOON) == 1.0
    assert deadlines.due(NOON + timedelta(seconds=3)) == [key(early), key(late)]
    deadlines.add([early])
    assert deadlines.due(NOON + timedelta(seconds=4)) == []
    assert deadlines.seconds_to_next(NOON) is None


def test_an_offer_that_stays_open_is_ended_again_after_a_while() -> None:
    deadlines = Deadlines()
    one = offer(NOON)
    deadlines.add([one])
    assert deadlines.due(NOON) == [key(one)]
    assert deadlines.due(NOON + AGAIN) == []
    deadlines.add([one])
    assert deadlines.due(NOON + AGAIN) == [key(one)]


@dataclass
class Desk:
    """A command port that notes what it is sent; at first its store is away."""

    sent: list[tuple[Command, Context]] = field(default_factory=list)
    away: int = 1
    refuses: bool = False

    async def execute(self, command: Command, context: Context) -> Outcome:
        if self.away:
            self.away -= 1
            raise Unavailable
        self.sent.append((command, context))
        if self.refuses:
            raise Refused("the offer is closed")
        return Outcome(0, CONVERSATIONS, 0)


async def test_open_offers_of_the_views_are_ended_on_time(module_database: str) -> None:
    # given offers in the views: one past its deadline while nobody watched, one about to end, one with time left
    async with pool(module_database, "test") as connections:
        await prepare(connections)
        expert = uuid4()
        ends = {
            uuid4(): now() - timedelta(minutes=5),
            uuid4(): now() + timedelta(seconds=0.7),
            uuid4(): now() + timedelta(minutes=5),
        }
        async with connections.connection() as connection:
            for question, at in ends.items():
                await connection.execute(
                    "INSERT INTO views.offers (question_id, expert_id, round, state, offered_at, expires_at)"
                    " VALUES (%s, %s, 1, 'open', %s, %s)",
                    (question, expert, at - timedelta(minutes=3), at),
                )

        # when the clock runs, with the event store away at first
        desk = Desk(refuses=True, away=1)
        keeping = asyncio.create_task(keep_deadlines(connections, desk, EventLog(connections)))
        async with asyncio.timeout(10):
            while len(desk.sent) < 2:
                await asyncio.sleep(0.01)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)

    # then exactly the first two were ended, none before its time, by the offer's own command
    passed, about, left = ends
    assert [command.question_id for command, _ in desk.sent if isinstance(command, ExpireOffer)] == [
        passed,
        about,
    ]
    for command, context in desk.sent:
        assert isinstance(command, ExpireOffer)
        assert command.question_id != left
        assert context.at >= ends[command.question_id]
        assert (context.command_id, context.user_id) == (
            expiry_command(command.question_id, expert, 1),
            SYSTEM,
        )
    assert desk.sent[1][1].at - ends[about] < timedelta(seconds=1)


async def test_an_offer_that_ends_between_two_looks_is_not_kept_waiting(module_database: str) -> None:
    # given offers that end at every moment of two seconds
    async with pool(module_database, "test") as connections:
        await prepare(connections)
        begin = now() + timedelta(seconds=0.3)
        ends = {uuid4(): begin + timedelta(milliseconds=50 * number) for number in range(40)}
        async with connections.connection() as connection:
            await connection.execute("DELETE FROM views.offers")
            for question, at in ends.items():
                await connection.execute(
                    "INSERT INTO views.offers (question_id, expert_id, round, state, offered_at, expires_at)"
                    " VALUES (%s, %s, 1, 'open', %s, %s)",
                    (question, uuid4(), at - timedelta(minutes=3), at),
                )

        # when the clock runs over all of them
        desk = Desk(refuses=False, away=0)
        keeping = asyncio.create_task(keep_deadlines(connections, desk, EventLog(connections)))
        async with asyncio.timeout(20):
            while len(desk.sent) < len(ends):
                await asyncio.sleep(0.01)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)

    # then none waited for the next look
    late = sorted(
        (context.at - ends[command.question_id]).total_seconds()
        for command, context in desk.sent
        if isinstance(command, ExpireOffer)
    )
    assert late[0] >= 0
    assert late[int(len(late) * 0.9)] < 0.2
