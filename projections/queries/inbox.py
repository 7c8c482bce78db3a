"""Reading what a person was told.

A person's notifications come from many partitions, so a number may be known before a smaller one. What is read
here ends before the first number that is not known yet: a reader who goes on from the last number misses nothing.
"""

from typing import Any
from uuid import UUID

from projections.frames import Frame, inbox_frame, stamp_or_none
from projections.queries.reading import Pool, Row, rows

_AFTER = """
    SELECT inbox_seq, frame, data, created_at FROM views.inbox
    WHERE user_id = %(user)s AND inbox_seq > %(after)s ORDER BY inbox_seq LIMIT %(limit)s
"""
_NEWEST = "SELECT inbox_seq FROM views.inbox WHERE user_id = %(user)s ORDER BY inbox_seq DESC LIMIT %(limit)s"


async def inbox(pool: Pool, user_id: UUID, after_seq: int = 0, limit: int = 100) -> dict[str, Any]:
    """`{items, hasMore}`, ascending and without a gap; an item is `{inboxSeq, type, data, createdAt}`."""
    found = await _unbroken(pool, user_id, after_seq, limit + 1)
    items = [
        {
            "inboxSeq": one["inbox_seq"],
            "type": one["frame"],
            "data": one["data"],
            "createdAt": stamp_or_none(one["created_at"]),
        }
        for one in found[:limit]
    ]
    return {"items": items, "hasMore": len(found) > limit}


async def inbox_frames(
    pool: Pool, user_id: UUID, after_seq: int, limit: int = 500
) -> list[tuple[int, Frame]]:
    """The first `limit` frames after `after_seq` with their `inboxSeq`, ascending and without a gap."""
    found = await _unbroken(pool, user_id, after_seq, limit)
    return [(one["inbox_seq"], inbox_frame(one["frame"], one["data"])) for one in found]


async def unbroken_head(pool: Pool, user_id: UUID, lately: int) -> int:
    """The last number before any hole among the newest `lately`; older ones have none. 0 for an empty inbox."""
    found = await rows(pool, _NEWEST, {"user": user_id, "limit": lately + 1})
    numbers = [int(one["inbox_seq"]) for one in reversed(found)]
    sure = max(0, numbers[-1] - lately) if numbers else 0
    for number in numbers:
        if number == sure + 1:
            sure = number
    return sure


async def _unbroken(pool: Pool, user_id: UUID, after: int, limit: int) -> list[Row]:
    found = await rows(pool, _AFTER, {"user": user_id, "after": after, "limit": limit})
    return [one for number, one in enumerate(found, start=after + 1) if one["inbox_seq"] == number]
