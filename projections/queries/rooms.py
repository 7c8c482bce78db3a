"""Reading rooms: whose they are, their durable history, and how much of it a person has not read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from projections.frames import Frame, history_item, room_frame, stamp_or_none, taken_back, text_or_none
from projections.queries.reading import Pool, Row, array, from_moment, row, rows, to_cursor
from schemas.base import SentFile

_ROOM = """
    SELECT r.*, q.content AS question, q.status AS question_status,
           greatest(k.up_to_seq, me.spoke_seq, 0) AS read_seq,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('userId', m.user_id, 'userName', m.user_name, 'role', m.role,
                                                         'readSeq', greatest(mk.up_to_seq, m.spoke_seq, 0))
                                      ORDER BY m.joined_at, m.user_id), '[]')
            FROM views.room_members m
            LEFT JOIN views.read_marks mk ON mk.room_id = m.room_id AND mk.user_id = m.user_id
            WHERE m.room_id = r.room_id) AS participants,
           (SELECT count(*) FROM views.room_items i
            WHERE i.room_id = r.room_id AND i.seq > greatest(k.up_to_seq, me.spoke_seq, 0) AND i.type IN ('text', 'file')
              AND i.user_id IS DISTINCT FROM %(viewer)s) AS unread
    FROM views.rooms r
    LEFT JOIN views.questions q ON q.question_id = r.question_id
    LEFT JOIN views.read_marks k ON k.room_id = r.room_id AND k.user_id = %(viewer)s
    LEFT JOIN views.room_members me ON me.room_id = r.room_id AND me.user_id = %(viewer)s
"""
_ONE = _ROOM + " WHERE r.room_id = %(room)s"
_MINE = (
    _ROOM
    + """ WHERE r.room_id IN (SELECT room_id FROM views.room_members WHERE user_id = %(viewer)s)
      AND (%(before)s::timestamptz IS NULL
           OR (r.last_at, r.room_id) < (%(before)s::timestamptz, %(before_id)s::uuid))
      ORDER BY r.last_at DESC, r.room_id DESC LIMIT %(limit)s"""
)
_AFTER = """
    SELECT * FROM views.room_items WHERE room_id = %(room)s AND seq > %(after)s AND seq < %(before)s
    ORDER BY seq LIMIT %(limit)s
"""
_ITEM = """i.seq, i.type, i.message_id::text, i.user_id::text, i.user_name, i.content, i.client_msg_id, i.redacted, i.details,
           i.created_at"""
"""What a frame is made of, its ids as the texts they become: to make ids of them first is a quarter of a page's time."""
_AFTER_EACH = f"""
    SELECT a.n, {_ITEM}
    FROM unnest(%(rooms)s::uuid[], %(seqs)s::bigint[], %(limits)s::int[]) WITH ORDINALITY AS a (room_id, seq, most, n)
    CROSS JOIN LATERAL (
        SELECT * FROM views.room_items i WHERE i.room_id = a.room_id AND i.seq > a.seq ORDER BY i.seq LIMIT a.most
    ) i ORDER BY a.n, i.seq
"""
_ENTRIES = f"""
    SELECT a.n, r.last_seq, {_ITEM}
    FROM unnest(%(rooms)s::uuid[], %(users)s::uuid[], %(seqs)s::bigint[], %(limits)s::int[])
         WITH ORDINALITY AS a (room_id, user_id, after, most, n)
    JOIN views.room_members m ON m.room_id = a.room_id AND m.user_id = a.user_id
    JOIN views.rooms r ON r.room_id = a.room_id
    LEFT JOIN LATERAL (
        SELECT * FROM views.room_items i WHERE i.room_id = a.room_id AND i.seq > a.after ORDER BY i.seq LIMIT a.most
    ) i ON true
    ORDER BY a.n, i.seq
"""
_BEFORE = """
    SELECT * FROM views.room_items WHERE room_id = %(room)s AND seq < %(before)s ORDER BY seq DESC LIMIT %(limit)s
"""
_NO_END = 2**62


def _room(found: Row) -> dict[str, Any]:
    return {
        "id": str(found["room_id"]),
        "questionId": text_or_none(found["question_id"]),
        "question": found["question"] or "",
        "questionStatus": found["question_status"],
        "status": found["status"],
        "closedReason": found["closed_reason"],
        "lastSeq": found["last_seq"],
        "readSeq": found["read_seq"],
        "unread": found["unread"],
        "participants": found["participants"],
        "createdAt": stamp_or_none(found["created_at"]),
        "lastAt": stamp_or_none(found["last_at"]),
    }


async def rooms_of(pool: Pool, user_id: UUID, limit: int = 200, cursor: str | None = None) -> dict[str, Any]:
    """`{items, next}`: the rooms this person is in, the liveliest first, each with `participants` and `unread`: how many
    messages of others are above what they read, as a client counts them that hears each frame.

    A room that something is said in between two pages is on neither of them: it stands at the top by then."""
    before, before_id = from_moment(cursor)
    parameters = {"viewer": user_id, "limit": limit + 1, "before": before, "before_id": before_id}
    found = await rows(pool, _MINE, parameters)
    page = found[:limit]
    more = len(found) > limit
    return {
        "items": [_room(one) for one in page],
        "next": to_cursor(page[-1]["last_at"], page[-1]["room_id"]) if more else None,
    }


async def room(pool: Pool, room_id: UUID, viewer: UUID) -> dict[str, Any] | None:
    """One room as `viewer` sees it: `participants`, `status`, `lastSeq`, `readSeq`, `unread`."""
    found = await row(pool, _ONE, {"room": room_id, "viewer": viewer})
    return None if found is None else _room(found)


async def is_member(pool: Pool, room_id: UUID, user_id: UUID) -> bool:
    """Whether this person is in the room now."""
    statement = "SELECT FROM views.room_members WHERE room_id = %(room)s AND user_id = %(user)s"
    return await row(pool, statement, {"room": room_id, "user": user_id}) is not None


async def entries(
    pool: Pool, asked: Sequence[tuple[UUID, UUID, int, int]]
) -> list[tuple[int, list[tuple[int, Frame]]] | None]:
    """Of each room, person, `seq` and number of frames: the last `seq` of the room's history, and its first frames after that
    `seq`, so many at most, as `room_frames` gives them. None where the person is not in the room now."""
    found: list[tuple[int, list[tuple[int, Frame]]] | None] = [None] * len(asked)
    rooms, users, seqs, limits = map(array, zip(*asked, strict=True))
    parameters = {"rooms": rooms, "users": users, "seqs": seqs, "limits": limits}
    for one in await rows(pool, _ENTRIES, parameters):
        at = one["n"] - 1
        if (entry := found[at]) is None:
            entry = found[at] = (one["last_seq"], [])
        if (seq := one["seq"]) is not None:
            entry[1].append((seq, room_frame(asked[at][0], seq, one)))
    return found


async def room_ids_of(pool: Pool, user_ids: Sequence[UUID]) -> list[list[UUID]]:
    """The rooms each person is in."""
    statement = "SELECT user_id, room_id FROM views.room_members WHERE user_id = ANY(%(users)s::uuid[])"
    found: dict[UUID, list[UUID]] = {user_id: [] for user_id in user_ids}
    for one in await rows(pool, statement, {"users": array(found)}):
        found[one["user_id"]].append(one["room_id"])
    return [found[user_id] for user_id in user_ids]


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that was sent to a room: by whom, under which name, and what it is."""

    owner: UUID
    name: str
    file: SentFile


async def sent_file(pool: Pool, room_id: UUID, file_id: UUID) -> Sent | None:
    """A file of this room, unless it was taken back or its sender erased."""
    statement = (
        "SELECT * FROM views.room_items WHERE room_id = %(room)s AND message_id = %(file)s AND type = 'file'"
    )
    found = await row(pool, statement, {"room": room_id, "file": file_id})
    if found is None or taken_back(found):
        return None
    return Sent(found["user_id"], found["content"], SentFile.model_validate(found["details"]["file"]))


async def history(
    pool: Pool, room_id: UUID, *, before_seq: int | None = None, after_seq: int | None = None, limit: int = 50
) -> dict[str, Any]:
    """`{items, hasMore}`, ascending.

    With `after_seq` the first `limit` items after it (and before `before_seq`), `hasMore` telling of later ones;
    otherwise the last `limit` (before `before_seq`), `hasMore` telling of earlier ones.
    """
    end = _NO_END if before_seq is None else before_seq
    if after_seq is not None:
        found = await _after(pool, room_id, after_seq, end, limit + 1)
        page = found[:limit]
    else:
        found = await rows(pool, _BEFORE, {"room": room_id, "before": end, "limit": limit + 1})
        page = found[:limit][::-1]
    return {"items": [history_item(one["seq"], one) for one in page], "hasMore": len(found) > limit}


async def room_frames(pool: Pool, asked: Sequence[tuple[UUID, int, int]]) -> list[list[tuple[int, Frame]]]:
    """Of each room the frames after a `seq`, so many at most, with theirs, ascending: what a listener has missed."""
    pages: list[list[tuple[int, Frame]]] = [[] for _ in asked]
    rooms, seqs, limits = map(array, zip(*asked, strict=True))
    for one in await rows(pool, _AFTER_EACH, {"rooms": rooms, "seqs": seqs, "limits": limits}):
        seq = one["seq"]
        asked_at = one["n"] - 1
        pages[asked_at].append((seq, room_frame(asked[asked_at][0], seq, one)))
    return pages


async def _after(pool: Pool, room_id: UUID, after: int, before: int, limit: int) -> list[Row]:
    return await rows(pool, _AFTER, {"room": room_id, "after": after, "before": before, "limit": limit})
