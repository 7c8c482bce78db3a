"""What is still open around a person who wants to be forgotten."""

from dataclasses import dataclass
from uuid import UUID

from projections.queries.reading import Pool, rows

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


async def open_matters(pool: Pool, user_id: UUID) -> OpenMatters:
    """What would wait for this person for ever."""
    found = await rows(pool, _OPEN, {"user": user_id})
    by_kind = {
        kind: tuple(r["id"] for r in found if r["kind"] == kind) for kind in ("question", "offer", "room")
    }
    return OpenMatters(by_kind["question"], by_kind["offer"], by_kind["room"])
