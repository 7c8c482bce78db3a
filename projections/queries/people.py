"""Reading people: the names and roles that others may know."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from projections.frames import stamp_or_none
from projections.queries.reading import Pool, Row, row, rows


def _person(found: Row) -> dict[str, Any]:
    return {
        "id": str(found["user_id"]),
        "role": found["role"],
        "displayName": found["display_name"],
        "createdAt": stamp_or_none(found["created_at"]),
        "demo": found["demo"],
    }


async def person(pool: Pool, user_id: UUID) -> dict[str, Any] | None:
    """`{id, role, displayName, createdAt, demo}`."""
    found = await row(pool, "SELECT * FROM views.people WHERE user_id = %(id)s", {"id": user_id})
    return None if found is None else _person(found)


async def people(pool: Pool, user_ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """As `person`, of those that are known."""
    found = await rows(
        pool, "SELECT * FROM views.people WHERE user_id = ANY(%(ids)s)", {"ids": list(user_ids)}
    )
    return {one["user_id"]: _person(one) for one in found}
