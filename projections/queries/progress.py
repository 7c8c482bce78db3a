"""How far the views are: the heads that gateways compare, positions for one's own writes, counts for operators."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from projections.queries.reading import Pool, array, row, rows

_HEADS = """
    SELECT 'room' AS kind, k.id, r.last_seq AS seq FROM unnest(%(rooms)s::uuid[], %(seqs)s::bigint[]) AS k (id, seq)
    JOIN views.rooms r ON r.room_id = k.id AND r.last_seq > k.seq
    UNION ALL
    SELECT 'user', k.id, i.inbox_seq FROM unnest(%(users)s::uuid[], %(inbox_seqs)s::bigint[]) AS k (id, seq)
    CROSS JOIN LATERAL (
        SELECT inbox_seq FROM views.inbox WHERE user_id = k.id AND inbox_seq > k.seq ORDER BY inbox_seq DESC LIMIT 1
    ) AS i
"""
_COUNTS = """
    SELECT (SELECT coalesce(jsonb_object_agg(status, n), '{}')
            FROM (SELECT status, count(*) AS n FROM views.questions GROUP BY status) AS s) AS questions,
           (SELECT coalesce(jsonb_object_agg(status, n), '{}')
            FROM (SELECT status, count(*) AS n FROM views.rooms GROUP BY status) AS s) AS rooms,
           (SELECT count(*) FROM views.offers WHERE state = 'open') AS "openOffers",
           (SELECT count(*) FROM views.people) AS people,
           (SELECT count(*) FROM views.experts WHERE profile_at IS NOT NULL) AS experts,
           (SELECT coalesce(jsonb_object_agg(consumer, n), '{}')
            FROM (SELECT consumer, count(*) AS n FROM ops.parked GROUP BY consumer) AS p) AS parked
"""


@dataclass(frozen=True, slots=True)
class Heads:
    """The last number of rooms and inboxes."""

    rooms: dict[UUID, int]
    users: dict[UUID, int]
    """A person's highest inbox number; `queries.inbox` reads only up to the first one missing."""


async def heads(pool: Pool, known_rooms: Mapping[UUID, int], known_inboxes: Mapping[UUID, int]) -> Heads:
    """Which of these rooms and inboxes stand higher in the views than the numbers known of them, in one query.

    Those of a thousand who listen and have everything are no rows.
    """
    parameters = {
        "rooms": array(known_rooms),
        "seqs": array(known_rooms.values()),
        "users": array(known_inboxes),
        "inbox_seqs": array(known_inboxes.values()),
    }
    found = await rows(pool, _HEADS, parameters)
    return Heads(
        {one["id"]: one["seq"] for one in found if one["kind"] == "room"},
        {one["id"]: one["seq"] for one in found if one["kind"] == "user"},
    )


async def position(pool: Pool, consumer: str, topic: str, partition: int) -> int:
    """The last position that `consumer` (`view:<name>` for a view) has applied; 0 if none."""
    found = await row(
        pool,
        "SELECT position FROM ops.tracking WHERE consumer = %(consumer)s AND topic = %(topic)s "
        "AND partition = %(partition)s",
        {"consumer": consumer, "topic": topic, "partition": partition},
    )
    return 0 if found is None else int(found["position"])


async def reached(pool: Pool, view: str, topic: str, partition: int, wanted: int) -> bool:
    """Whether the view named `view` holds what was written at position `wanted`."""
    return await position(pool, f"view:{view}", topic, partition) >= wanted


async def operator_counts(pool: Pool) -> dict[str, Any]:
    """Questions and rooms by status, open offers, people, experts, parked events by consumer."""
    found = await row(pool, _COUNTS, {})
    return found or {}
