"""Experts who accepted and said nothing are found in the views when their time is up, each once."""

from datetime import timedelta
from uuid import UUID, uuid4

from infra.clock import now
from infra.postgres import pool
from infra.settings import Settings
from projections.prepare import prepare
from projections.queries.reading import Pool
from schemas.commands import Command
from schemas.commands.question import GoOnWithout
from schemas.envelope import Context, Outcome
from schemas.ids import silence_command
from schemas.port import Unavailable
from schemas.topics import CONVERSATIONS
from streams.silence import look


class Desk:
    """A command port that notes what it is sent; at first its store is away."""

    def __init__(self) -> None:
        self.sent: list[tuple[GoOnWithout, Context]] = []
        self.away = True

    async def execute(self, command: Command, context: Context) -> Outcome:
        if self.away:
            self.away = False
            raise Unavailable
        assert isinstance(command, GoOnWithout)
        self.sent.append((command, context))
        return Outcome(0, CONVERSATIONS, 0)


async def accepted(
    pool: Pool, minutes_ago: float, *, status: str = "in_progress", speaks: bool = False
) -> UUID:
    """A question of middling urgency that somebody accepted so long ago."""
    question, expert, room = uuid4(), uuid4(), uuid4()
    async with pool.connection() as connection:
        await connection.execute(
            "INSERT INTO views.questions (question_id, asker_id, content, urgency, status, room_id)"
            " VALUES (%s, %s, '왜?', 'medium', %s, %s)",
            (question, uuid4(), status, room),
        )
        await connection.execute(
            "INSERT INTO views.offers (question_id, expert_id, state, closed_at) VALUES (%s, %s, 'accepted', %s)",
            (question, expert, now() - timedelta(minutes=minutes_ago)),
        )
        items = [(1, "user_joined", None, expert), (2, "text", uuid4(), expert if speaks else uuid4())]
        for seq, kind, message, who in items:
            await connection.execute(
                "INSERT INTO views.room_items (room_id, seq, type, message_id, user_id, content)"
                " VALUES (%s, %s, %s, %s, %s, '')",
                (room, seq, kind, message, who),
            )
    return question


async def test_who_is_silent_past_the_time_is_gone_on_without_once(module_database: str) -> None:
    # given one who is silent for too long, one who has time left, one who spoke, one whose question is resolved
    async with pool(module_database, "test") as connections:
        await prepare(connections)
        silent = await accepted(connections, 11)
        await accepted(connections, 9)
        await accepted(connections, 11, speaks=True)
        await accepted(connections, 11, status="resolved")
        desk, done = Desk(), {}

        # when it is looked three times, with the event store away at first
        for _ in range(3):
            await look(connections, desk, Settings(offer_seconds_medium=600), now(), done)

    # then the one is gone on without, by the command of that silence
    [(command, context)] = desk.sent
    assert command.question_id == silent
    assert context.command_id == silence_command(silent, command.expert_id)
