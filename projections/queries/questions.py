"""Reading questions with their candidates and offers, and the offers whose time runs out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from projections.frames import stamp_or_none, text_or_none
from projections.queries.reading import Pool, Row, from_moment, row, rows, to_cursor

_LIST = """
    SELECT q.* FROM views.questions q
    WHERE (%(everyone)s OR q.asker_id = %(viewer)s OR (NOT %(mine)s AND EXISTS (
            SELECT FROM views.offers o WHERE o.question_id = q.question_id AND o.expert_id = %(viewer)s)))
      AND (%(status)s::text IS NULL OR q.status = %(status)s)
      AND (%(before)s::timestamptz IS NULL
           OR (q.created_at, q.question_id) < (%(before)s::timestamptz, %(before_id)s::uuid))
    ORDER BY q.created_at DESC, q.question_id DESC
    LIMIT %(limit)s
"""
_MAY_SEE = """
    SELECT FROM views.questions q WHERE q.question_id = %(question)s AND (q.asker_id = %(viewer)s
        OR EXISTS (SELECT FROM views.offers o WHERE o.question_id = q.question_id AND o.expert_id = %(viewer)s)
        OR EXISTS (SELECT FROM views.room_members m WHERE m.room_id = q.room_id AND m.user_id = %(viewer)s))
"""


@dataclass(frozen=True, slots=True)
class DueOffer:
    """An open offer and when it ends."""

    question_id: UUID
    expert_id: UUID
    round: int
    expires_at: datetime


def _question(found: Row) -> dict[str, Any]:
    return {
        "id": str(found["question_id"]),
        "userId": str(found["asker_id"]),
        "userName": found["asker_name"],
        "content": found["content"],
        "category": found["category"],
        "urgency": found["urgency"],
        "status": found["status"],
        "round": found["round"],
        "roomId": text_or_none(found["room_id"]),
        "createdAt": stamp_or_none(found["created_at"]),
        "updatedAt": stamp_or_none(found["updated_at"]),
        "version": found["version"],
        "demo": found["demo"],
    }


def _candidate(found: Row) -> dict[str, Any]:
    return {
        "expertId": str(found["expert_id"]),
        "displayName": found["display_name"],
        "score": found["score"],
        "reasons": found["reasons"],
        "round": found["round"],
    }


def _offer(found: Row) -> dict[str, Any]:
    return {
        **_candidate(found),
        "state": found["state"],
        "offeredAt": stamp_or_none(found["offered_at"]),
        "expiresAt": stamp_or_none(found["expires_at"]),
        "closedAt": stamp_or_none(found["closed_at"]),
        "stars": found["stars"],
    }


async def question(pool: Pool, question_id: UUID) -> dict[str, Any] | None:
    """The question with `candidates` (best first), `offers` (each with its `state`), `roomId` and `similar`."""
    the = {"id": question_id}
    found = await row(pool, "SELECT * FROM views.questions WHERE question_id = %(id)s", the)
    if found is None:
        return None
    candidates = await rows(
        pool, "SELECT * FROM views.candidates WHERE question_id = %(id)s ORDER BY round, rank, expert_id", the
    )
    offers = await rows(
        pool,
        "SELECT * FROM views.offers WHERE question_id = %(id)s ORDER BY offered_at, score DESC, expert_id",
        the,
    )
    return {
        **_question(found),
        "model": found["model"],
        "candidates": [_candidate(one) for one in candidates],
        "offers": [_offer(one) for one in offers],
        "similar": [],
    }


async def may_see(pool: Pool, question_id: UUID, viewer: UUID) -> bool:
    """Whether `viewer` asked it, was ever offered it, or is in its room."""
    return await row(pool, _MAY_SEE, {"question": question_id, "viewer": viewer}) is not None


async def list_questions(
    pool: Pool,
    viewer: UUID,
    *,
    mine: bool = False,
    everyone: bool = False,
    status: str | None = None,
    limit: int = 20,
    cursor: str | None = None,
) -> dict[str, Any]:
    """`{items, next}`, newest first: those the viewer asked, and without `mine` also those they were offered.

    `everyone` leaves the viewer out of it (for operators).
    """
    before, before_id = from_moment(cursor)
    parameters = {
        "viewer": viewer,
        "mine": mine,
        "everyone": everyone,
        "status": status,
        "before": before,
        "before_id": before_id,
        "limit": limit + 1,
    }
    found = await rows(pool, _LIST, parameters)
    page = found[:limit]
    more = len(found) > limit
    return {
        "items": [_question(one) for one in page],
        "next": to_cursor(page[-1]["created_at"], page[-1]["question_id"]) if more else None,
    }


async def due_offers(pool: Pool, before: datetime, limit: int = 500) -> list[DueOffer]:
    """The open offers that end at or before `before`, the earliest first."""
    found = await rows(
        pool,
        "SELECT question_id, expert_id, round, expires_at FROM views.offers "
        "WHERE state = 'open' AND expires_at <= %(before)s ORDER BY expires_at LIMIT %(limit)s",
        {"before": before, "limit": limit},
    )
    return [DueOffer(**one) for one in found]


async def silent_experts(
    pool: Pool, urgency: str, since: datetime, until: datetime, limit: int = 200
) -> list[tuple[UUID, UUID]]:
    """(question, expert) of who accepted between `since` and `until` and has not said a word since, the first first."""
    found = await rows(
        pool,
        "SELECT o.question_id, o.expert_id FROM views.offers o JOIN views.questions q USING (question_id) "
        "WHERE o.state = 'accepted' AND o.closed_at > %(since)s AND o.closed_at <= %(until)s "
        "AND q.status = 'in_progress' AND q.urgency = %(urgency)s AND NOT EXISTS ("
        "  SELECT FROM views.room_items i WHERE i.room_id = q.room_id AND i.user_id = o.expert_id"
        "  AND i.message_id IS NOT NULL) "
        "ORDER BY o.closed_at LIMIT %(limit)s",
        {"urgency": urgency, "since": since, "until": until, "limit": limit},
    )
    return [(one["question_id"], one["expert_id"]) for one in found]


async def next_due(pool: Pool) -> datetime | None:
    """When the next open offer ends."""
    found = await row(pool, "SELECT min(expires_at) AS at FROM views.offers WHERE state = 'open'", {})
    return None if found is None else found["at"]
