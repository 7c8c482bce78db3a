"""What is still open around a person who wants to be forgotten, and the commands that end it."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from projections.queries.reading import Pool, rows
from schemas.commands import Command
from schemas.commands.question import CancelQuestion, DeclineOffer
from schemas.commands.room import LeaveRoom

_OPEN = """
    SELECT 'question' AS kind, question_id AS id FROM views.questions
    WHERE asker_id = %(user)s AND status IN ('pending', 'matched', 'unmatched', 'in_progress')
    UNION ALL
    SELECT 'offer', question_id FROM views.offers WHERE expert_id = %(user)s AND state = 'open'
    UNION ALL
    SELECT 'room', room_id FROM views.room_members JOIN views.rooms USING (room_id)
    WHERE user_id = %(user)s AND role <> 'asker' AND status = 'active'
"""


@dataclass(frozen=True, slots=True)
class OpenMatters:
    """Ids of questions they asked that have not ended, of questions they are offered, and of rooms they came into."""

    questions: tuple[UUID, ...]
    offers: tuple[UUID, ...]
    rooms: tuple[UUID, ...]

    def farewells(self) -> Iterable[tuple[Command, UUID]]:
        """What the person says so that nobody waits for them, each with what it is about."""
        for question_id in self.offers:
            yield DeclineOffer(question_id=question_id), question_id
        for room_id in self.rooms:
            yield LeaveRoom(room_id=room_id), room_id
        for question_id in self.questions:
            yield CancelQuestion(question_id=question_id), question_id


async def open_matters(pool: Pool, user_id: UUID) -> OpenMatters:
    """What would wait for this person for ever."""
    found = await rows(pool, _OPEN, {"user": user_id})
    by_kind = {
        kind: tuple(r["id"] for r in found if r["kind"] == kind) for kind in ("question", "offer", "room")
    }
    return OpenMatters(by_kind["question"], by_kind["offer"], by_kind["room"])
