"""Reading what helps a person who is about to ask: questions answered before, who is free, and the usual wait."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from projections.frames import stamp_or_none, text_or_none
from projections.queries.archive import is_demo
from projections.queries.reading import Pool, row, rows

_ANSWERED = """
    SELECT q.question_id, q.content, q.room_id, q.updated_at FROM views.questions q
    WHERE q.status = 'resolved' AND q.content <> '' AND (q.asker_id = %(viewer)s
        OR EXISTS (SELECT FROM views.room_members m WHERE m.room_id = q.room_id AND m.user_id = %(viewer)s))
    ORDER BY q.created_at DESC LIMIT %(limit)s
"""
_FREE = """
    SELECT count(*) AS experts, count(*) FILTER (WHERE expert_id = ANY(%(online)s)) AS online
    FROM views.experts
    WHERE profile_at IS NOT NULL AND available AND open_rooms < capacity AND expert_id <> %(viewer)s
      AND (%(demo)s OR NOT demo)
"""
_WAIT = """
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY waited) AS seconds FROM (
        SELECT extract(epoch FROM min(o.closed_at) - q.created_at)::float8 AS waited
        FROM (SELECT question_id, created_at FROM views.questions WHERE %(demo)s OR NOT demo
              ORDER BY created_at DESC, question_id DESC LIMIT %(latest)s) q
        JOIN views.offers o ON o.question_id = q.question_id AND o.state = 'accepted'
        GROUP BY q.question_id, q.created_at) AS waits
"""
_LATEST = 500


async def answered(pool: Pool, viewer: UUID, limit: int = 200) -> list[dict[str, Any]]:
    """The latest resolved questions that `viewer` asked or whose room they are in: nobody else's words."""
    found = await rows(pool, _ANSWERED, {"viewer": viewer, "limit": limit})
    return [
        {
            "questionId": str(one["question_id"]),
            "content": one["content"],
            "roomId": text_or_none(one["room_id"]),
            "resolvedAt": stamp_or_none(one["updated_at"]),
        }
        for one in found
    ]


async def about(pool: Pool, viewer: UUID, online: Sequence[UUID]) -> dict[str, Any]:
    """`{experts, online, usualWaitSeconds}`, as `schemas.wire.suggestions.AboutSaid`; `online` is who is connected.

    Demo people count for demo people only: nobody else's question is put to them."""
    demo = await is_demo(pool, viewer)
    free = await row(pool, _FREE, {"viewer": viewer, "online": list(online), "demo": demo}) or {}
    wait = await row(pool, _WAIT, {"latest": _LATEST, "demo": demo}) or {}
    return {
        "experts": free.get("experts", 0),
        "online": free.get("online", 0),
        "usualWaitSeconds": wait.get("seconds"),
    }
