"""What a notice to somebody who is away tells of, as it stands now: whether it is still worth telling, and in short."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from projections.queries.reading import Pool, row, rows

_OFFER = """
    SELECT q.content, q.asker_name AS name, o.expires_at FROM views.offers o JOIN views.questions q USING (question_id)
    WHERE o.question_id = %(about)s AND o.expert_id = %(user)s AND o.state = 'open'
"""
_QUESTION = """
    SELECT q.status, q.room_id,
           (SELECT count(*) FROM views.offers o WHERE o.question_id = q.question_id AND o.state = 'open') AS asked
    FROM views.questions q WHERE q.question_id = %(about)s AND q.asker_id = %(user)s
"""
_READ = """
    SELECT m.user_id, greatest(k.up_to_seq, m.spoke_seq, 0) AS read_seq
    FROM views.room_members m LEFT JOIN views.read_marks k ON k.room_id = m.room_id AND k.user_id = m.user_id
    WHERE m.room_id = %(room)s
"""
_WAITING = (
    """
    WITH member AS (
"""
    + _READ
    + """)
    SELECT member.user_id FROM member JOIN views.rooms r ON r.room_id = %(room)s
    WHERE r.last_seq > member.read_seq AND EXISTS (
        SELECT FROM views.room_items i WHERE i.room_id = %(room)s AND i.seq > member.read_seq
        AND i.type IN ('text', 'file') AND NOT i.redacted AND i.user_id <> member.user_id)
"""
)
_UNREAD = (
    """
    WITH member AS (
"""
    + _READ
    + """ AND m.user_id = %(user)s)
    SELECT i.seq, i.user_name AS name, CASE i.type WHEN 'text' THEN i.content ELSE '' END AS words,
           count(*) OVER () AS total
    FROM views.room_items i, member
    WHERE i.room_id = %(room)s AND i.seq > member.read_seq AND i.type IN ('text', 'file') AND NOT i.redacted
      AND i.user_id <> %(user)s
    ORDER BY i.seq DESC LIMIT %(limit)s
"""
)
_REACHED = """
    SELECT coalesce(min(position), 0) AS position FROM ops.tracking
    WHERE consumer IN ('view:questions', 'view:rooms') AND topic = %(topic)s AND partition = %(partition)s
"""


@dataclass(frozen=True, slots=True)
class OpenOffer:
    """An offer that somebody can still accept."""

    name: str
    content: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question of one's own: its status, its room, and how many experts are being asked."""

    status: str
    room_id: UUID | None
    asked: int


@dataclass(frozen=True, slots=True)
class Unread:
    """A message one has not read; `words` are empty for a file. `total` counts all of them."""

    seq: int
    name: str
    words: str
    total: int


async def views_reached(pool: Pool, topic: str, partition: int) -> int:
    """Up to which position the views of questions and rooms hold this partition."""
    found = await row(pool, _REACHED, {"topic": topic, "partition": partition})
    return 0 if found is None else int(found["position"])


async def open_offer(pool: Pool, question_id: UUID, expert_id: UUID) -> OpenOffer | None:
    """The offer, if it is open."""
    found = await row(pool, _OFFER, {"about": question_id, "user": expert_id})
    return None if found is None else OpenOffer(found["name"], found["content"], found["expires_at"])


async def own_question(pool: Pool, question_id: UUID, asker_id: UUID) -> AskedQuestion | None:
    """The question, if it is this person's."""
    found = await row(pool, _QUESTION, {"about": question_id, "user": asker_id})
    return None if found is None else AskedQuestion(found["status"], found["room_id"], found["asked"])


async def with_unread(pool: Pool, room_id: UUID) -> list[UUID]:
    """The members of the room whom a message of somebody else waits for."""
    found = await rows(pool, _WAITING, {"room": room_id})
    return [one["user_id"] for one in found]


async def unread(pool: Pool, room_id: UUID, user_id: UUID, limit: int) -> list[Unread]:
    """The latest `limit` messages of others that the member has not read, in order; none if they are no member."""
    found = await rows(pool, _UNREAD, {"room": room_id, "user": user_id, "limit": limit})
    return [
        Unread(one["seq"], one["name"] or "", one["words"] or "", one["total"]) for one in reversed(found)
    ]


async def has_read(pool: Pool, room_id: UUID, user_id: UUID) -> bool | None:
    """Whether the member has read anything there; None if they are no member."""
    found = await row(pool, _READ + " AND m.user_id = %(user)s", {"room": room_id, "user": user_id})
    return None if found is None else found["read_seq"] > 0
