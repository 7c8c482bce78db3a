"""Reading what a person was told.

A person's notifications come from many partitions, so a number may be known before a smaller one. What is read
here ends before the first number that is not known yet: a reader who goes on from the last number misses nothing.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from projections.frames import Frame, inbox_frame, stamp_or_none
from projections.queries.reading import Pool, Row, array, rows

_AFTER = """
    SELECT inbox_seq, frame, data, created_at FROM views.inbox
    WHERE user_id = %(user)s AND inbox_seq > %(after)s ORDER BY inbox_seq LIMIT %(limit)s
"""
_BEFORE = """
    SELECT inbox_seq, frame, data, created_at FROM views.inbox
    WHERE user_id = %(user)s AND inbox_seq < %(before)s ORDER BY inbox_seq DESC LIMIT %(limit)s
"""
_AFTER_EACH = """
    SELECT a.n, i.*
    FROM unnest(%(users)s::uuid[], %(seqs)s::bigint[], %(limits)s::int[]) WITH ORDINALITY AS a (user_id, seq, most, n)
    CROSS JOIN LATERAL (
        SELECT inbox_seq, frame, data FROM views.inbox i
        WHERE i.user_id = a.user_id AND i.inbox_seq > a.seq ORDER BY inbox_seq LIMIT a.most
    ) i ORDER BY a.n, i.inbox_seq
"""
_NEWEST = """
    SELECT a.n, max(i.inbox_seq) AS last,
           CASE WHEN max(i.inbox_seq) - min(i.inbox_seq) >= count(*) OR min(i.inbox_seq) > 1 AND count(*) < %(limit)s
                THEN array_agg(i.inbox_seq ORDER BY i.inbox_seq) END AS numbers
    FROM unnest(%(users)s::uuid[]) WITH ORDINALITY AS a (user_id, n)
    CROSS JOIN LATERAL (
        SELECT inbox_seq FROM views.inbox i WHERE i.user_id = a.user_id ORDER BY inbox_seq DESC LIMIT %(limit)s
    ) i GROUP BY a.n
"""
"""The numbers themselves only where there is a hole among them or before them."""
LATELY = 20
"""How many of the newest notifications may still have a hole among them."""


async def inbox(
    pool: Pool, user_id: UUID, after_seq: int = 0, limit: int = 100, before_seq: int | None = None
) -> dict[str, Any]:
    """`{items, hasMore}`, ascending and without a gap; an item is `{inboxSeq, type, data, createdAt}`. They are the first
    after `after_seq`, or with `before_seq` the last before it, and `hasMore` says whether there are more that way."""
    if before_seq is None:
        found = await _unbroken(pool, user_id, after_seq, limit + 1)
        return {"items": _items(found[:limit]), "hasMore": len(found) > limit}
    [head] = await unbroken_heads(pool, [user_id], LATELY)
    parameters = {"user": user_id, "before": min(before_seq, head + 1), "limit": limit + 1}
    found = await rows(pool, _BEFORE, parameters)
    return {"items": _items(found[:limit][::-1]), "hasMore": len(found) > limit}


def _items(found: Sequence[Row]) -> list[dict[str, Any]]:
    return [
        {
            "inboxSeq": one["inbox_seq"],
            "type": one["frame"],
            "data": one["data"],
            "createdAt": stamp_or_none(one["created_at"]),
        }
        for one in found
    ]


async def inbox_frames(pool: Pool, asked: Sequence[tuple[UUID, int, int]]) -> list[list[tuple[int, Frame]]]:
    """Of each person the frames after an `inboxSeq`, so many at most, with theirs, ascending and without a gap."""
    pages: list[list[tuple[int, Frame]]] = [[] for _ in asked]
    users, seqs, limits = map(array, zip(*asked, strict=True))
    for one in await rows(pool, _AFTER_EACH, {"users": users, "seqs": seqs, "limits": limits}):
        page, seq = pages[one["n"] - 1], one["inbox_seq"]
        if seq == asked[one["n"] - 1][1] + len(page) + 1:
            page.append((seq, inbox_frame(one["frame"], one["data"])))
    return pages


async def unbroken_heads(pool: Pool, user_ids: Sequence[UUID], lately: int) -> list[int]:
    """Of each person the last number before any hole among the newest `lately`; older ones have none. 0 for an empty
    inbox."""
    heads = [0] * len(user_ids)
    for one in await rows(pool, _NEWEST, {"users": array(user_ids), "limit": lately + 1}):
        numbers = one["numbers"]
        heads[one["n"] - 1] = one["last"] if numbers is None else _sure(numbers, lately)
    return heads


def _sure(numbers: Sequence[int], lately: int) -> int:
    sure = max(0, numbers[-1] - lately)
    for number in numbers:
        if number == sure + 1:
            sure = number
    return sure


async def _unbroken(pool: Pool, user_id: UUID, after: int, limit: int) -> list[Row]:
    found = await rows(pool, _AFTER, {"user": user_id, "after": after, "limit": limit})
    return [one for number, one in enumerate(found, start=after + 1) if one["inbox_seq"] == number]
