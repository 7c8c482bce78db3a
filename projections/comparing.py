"""Compares the store with itself and the views with the store, for a range of positions, inside PostgreSQL.

Every event of the range is asked for the rows that it must have left, by their keys and numbers; what a view has
parked, or an operator gave up for it, is left out. Only what later events cannot take back is asked for, so the views may be ahead of the range.
"""

from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection, errors
from psycopg.rows import class_row

STORE = "store"


@dataclass(frozen=True, slots=True)
class Compared:
    """How one part stands against the store in a range of positions."""

    part: str
    """`store`, or the consumer name of a view."""
    wanted: int
    """Rows there must be."""
    found: int
    position: int | None
    """The first position whose row is missing or wrong; None if there is no such one."""
    detail: str = ""

    @property
    def equal(self) -> bool:
        return self.position is None


_LOG = """
WITH log AS MATERIALIZED (
    SELECT notification_id AS position, originator_id AS stream, originator_version AS version, topic AS type,
           convert_from(state, 'UTF8')::jsonb -> 'data' AS data
    FROM store.stored_events WHERE notification_id > %(after)s AND notification_id <= %(upto)s
), parked AS MATERIALIZED (
    SELECT consumer, key, min(position) AS position FROM ops.parked GROUP BY 1, 2
), wanted AS (
"""
_PARTS = {
    "people": """
        SELECT 'view:people' AS part, l.position, l.stream AS key, 'people' AS name, p.user_id IS NOT NULL AS same
        FROM log l LEFT JOIN views.people p ON p.user_id = l.stream WHERE l.type LIKE 'yeon.account.%%'
    """,
    "experts": """
        SELECT 'view:experts', l.position, (l.data ->> 'expertId')::uuid, 'experts', e.expert_id IS NOT NULL
        FROM log l LEFT JOIN views.experts e ON e.expert_id = (l.data ->> 'expertId')::uuid
        WHERE l.type LIKE 'yeon.expert.%%'
    """,
    "expert_figures": """
        SELECT 'view:expert_figures', l.position, l.stream, 'expert_figures', coalesce(f.accepted >= 1, false)
        FROM log l LEFT JOIN views.expert_figures f ON f.expert_id = (l.data ->> 'expertId')::uuid
        WHERE l.type = 'yeon.question.offer_accepted.v1'
    """,
    "questions": """
        SELECT 'view:questions', l.position, l.stream, 'questions', coalesce(q.version >= l.version, false)
        FROM log l LEFT JOIN views.questions q ON q.question_id = l.stream
        WHERE l.type LIKE 'yeon.question.%%'
    """,
    "offers": """
        SELECT 'view:questions', l.position, l.stream, 'offers', o.question_id IS NOT NULL
        FROM log l CROSS JOIN LATERAL jsonb_array_elements(l.data -> 'offers') AS said
        LEFT JOIN views.offers o
            ON o.question_id = l.stream AND o.expert_id = (said ->> 'expertId')::uuid
        WHERE l.type IN ('yeon.question.matched.v1', 'yeon.question.offered.v1')
    """,
    "rooms": """
        SELECT 'view:rooms', l.position, (l.data ->> 'questionId')::uuid, 'rooms',
               coalesce(r.last_seq >= l.version - 1, false)
        FROM log l LEFT JOIN views.rooms r ON r.room_id = l.stream
        WHERE l.type LIKE 'yeon.room.%%' AND l.type <> 'yeon.room.read_marked.v1'
    """,
    "room_items": """
        SELECT 'view:rooms', l.position, (l.data ->> 'questionId')::uuid, 'room_items',
               i.room_id IS NOT NULL AND (
                   l.type <> 'yeon.room.message_posted.v1' OR i.message_id = (l.data ->> 'messageId')::uuid)
        FROM log l LEFT JOIN views.room_items i ON i.room_id = l.stream AND i.seq = l.version - 1
        WHERE l.type LIKE 'yeon.room.%%' AND l.type NOT IN ('yeon.room.read_marked.v1', 'yeon.room.opened.v1')
    """,
    "read_marks": """
        SELECT 'view:rooms', l.position, (l.data ->> 'questionId')::uuid, 'read_marks',
               coalesce(m.up_to_seq >= (l.data ->> 'upToSeq')::bigint, false)
        FROM log l LEFT JOIN views.read_marks m
            ON m.room_id = (l.data ->> 'roomId')::uuid AND m.user_id = (l.data ->> 'userId')::uuid
        WHERE l.type = 'yeon.room.read_marked.v1'
    """,
    "inbox": """
        SELECT 'view:inbox', l.position, coalesce((l.data ->> 'questionId')::uuid, l.stream), 'inbox',
               coalesce(i.frame = said ->> 'frame', false)
        FROM log l CROSS JOIN LATERAL jsonb_array_elements(l.data -> 'told') AS said
        LEFT JOIN views.inbox i
            ON i.user_id = (said ->> 'userId')::uuid AND i.inbox_seq = (said ->> 'inboxSeq')::bigint
    """,
}
_END = """
), due AS (
    SELECT w.* FROM wanted w LEFT JOIN parked k ON k.consumer = w.part AND k.key = w.key
    WHERE (k.position IS NULL OR k.position > w.position)
      AND NOT EXISTS (SELECT FROM ops.dropped d WHERE (d.consumer, d.key, d.position) = (w.part, w.key, w.position))
)
SELECT part, count(*) AS wanted, count(*) FILTER (WHERE same) AS found,
       min(position) FILTER (WHERE NOT same) AS position,
       coalesce('no such row in ' || min(name) FILTER (WHERE NOT same), '') AS detail
FROM due GROUP BY part ORDER BY part
"""
_VIEWS = (_LOG + " UNION ALL ".join(_PARTS.values()) + _END).encode()
_COUNT = b"""
    SELECT count(*) FROM store.stored_events WHERE notification_id > %(after)s AND notification_id <= %(upto)s
"""
_GAP = b"""
    SELECT min(p) FROM generate_series(%(after)s::bigint + 1, %(upto)s::bigint) AS p
    WHERE NOT EXISTS (SELECT FROM store.stored_events WHERE notification_id = p)
"""
_AHEAD = b"""
    WITH log AS (SELECT position AS head FROM store.log_head),
    reached AS (SELECT consumer, position FROM ops.tracking UNION ALL SELECT 'relay', position FROM ops.relay_head)
    SELECT consumer, position, head FROM reached, log WHERE position > head ORDER BY position DESC LIMIT 1
"""


async def compare(connection: AsyncConnection[Any], after: int, upto: int) -> list[Compared]:
    """Each part against the events with `after < position <= upto`, which every view must have applied."""
    if after >= upto:
        return []
    return [await _store(connection, after, upto), *await _views(connection, after, upto)]


async def ahead(connection: AsyncConnection[Any]) -> list[Compared]:
    """What stands beyond the end of the store: then the store is an older one than it was.

    All in one snapshot: between two the store and what follows it move on.
    """
    rows = await (await connection.execute(_AHEAD)).fetchall()
    return [
        Compared(
            STORE,
            0,
            0,
            head + 1,
            f"the store ends at {head}, but {name} has been at {position}: an older one",
        )
        for name, position, head in rows
    ]


async def _store(connection: AsyncConnection[Any], after: int, upto: int) -> Compared:
    given = {"after": after, "upto": upto}
    row = await (await connection.execute(_COUNT, given)).fetchone()
    count = int(row[0]) if row else 0
    if count == upto - after:
        return Compared(STORE, count, count, None)
    gap = await (await connection.execute(_GAP, given)).fetchone()
    return Compared(STORE, upto - after, count, gap[0] if gap else after + 1, "no event here")


async def _views(connection: AsyncConnection[Any], after: int, upto: int) -> list[Compared]:
    try:
        async with connection.transaction(), connection.cursor(row_factory=class_row(Compared)) as cursor:
            await cursor.execute(_VIEWS, {"after": after, "upto": upto})
            return await cursor.fetchall()
    except errors.DataError as error:  # an event that is no JSON is looked for by halving the range
        if upto - after == 1:
            return [Compared(STORE, 1, 0, upto, f"the event cannot be read: {str(error).splitlines()[0]}")]
        middle = (after + upto) // 2
        return [
            *await _views(connection, after, middle),
            *await _views(connection, middle, upto),
        ]


def together(found: list[Compared]) -> list[Compared]:
    """One `Compared` for each part, of those of several ranges in order."""
    parts: dict[str, Compared] = {}
    for one in found:
        before = parts.get(one.part, Compared(one.part, 0, 0, None))
        first = one if before.equal else before
        parts[one.part] = Compared(
            one.part, before.wanted + one.wanted, before.found + one.found, first.position, first.detail
        )
    return list(parts.values())
