"""Reading experts: public profiles with derived figures, the listing without a text, and the matcher's features."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from projections.frames import stamp_or_none
from projections.queries.reading import Pool, Row, from_cursor, row, rows, to_cursor
from schemas.port import ExpertFeatures

_COLUMNS = """
    e.expert_id, e.display_name, e.specialties, e.experience_years, e.bio, e.capacity, e.available, e.demo,
    e.open_rooms, coalesce(f.offered, 0) AS offered, coalesce(f.accepted, 0) AS accepted,
    coalesce(f.declined, 0) AS declined, coalesce(f.expired, 0) AS expired,
    coalesce(f.open_offers, 0) AS open_offers,
    coalesce(f.response_seconds_sum, 0)::float8 AS response_seconds_sum,
    coalesce(f.rating_sum, 0) AS rating_sum, coalesce(f.rating_count, 0) AS rating_count, f.last_active_at
"""
_FROM = "views.experts e LEFT JOIN views.expert_figures f USING (expert_id)"

_PUBLIC = "e.profile_at IS NOT NULL AND e.display_name <> ''"
"""Who can be found: who said what they know, and was not erased since."""
_FIGURES = f"SELECT {_COLUMNS} FROM {_FROM} WHERE e.profile_at IS NOT NULL AND e.expert_id = ANY(%(ids)s)"
_BY_ID = f"SELECT {_COLUMNS} FROM {_FROM} WHERE {_PUBLIC} AND e.expert_id = ANY(%(ids)s)"
_LIST = f"""
    SELECT {_COLUMNS} FROM {_FROM}
    WHERE {_PUBLIC}
      AND (%(only)s::uuid[] IS NULL OR e.expert_id = ANY(%(only)s))
      AND (%(category)s::text IS NULL OR EXISTS (
            SELECT FROM jsonb_array_elements(e.specialties) AS s
            WHERE strpos(lower(s ->> 'name'), lower(%(category)s)) > 0))
      AND (e.display_name, e.expert_id) > (%(after_name)s, %(after_id)s::uuid)
    ORDER BY e.display_name, e.expert_id
    LIMIT %(limit)s
"""
_BEFORE_ALL = ("", str(UUID(int=0)))


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _expert(found: Row) -> dict[str, Any]:
    answered = found["accepted"] + found["declined"]
    return {
        "expertId": str(found["expert_id"]),
        "displayName": found["display_name"],
        "specialties": found["specialties"],
        "experienceYears": found["experience_years"],
        "bio": found["bio"],
        "capacity": found["capacity"],
        "available": found["available"],
        "openRooms": found["open_rooms"],
        "rating": _ratio(found["rating_sum"], found["rating_count"]),
        "ratingCount": found["rating_count"],
        "responseRate": _ratio(answered, answered + found["expired"]),
        "responseSeconds": _ratio(found["response_seconds_sum"], answered),
        "offered": found["offered"],
        "accepted": found["accepted"],
        "declined": found["declined"],
        "expired": found["expired"],
        "lastActiveAt": stamp_or_none(found["last_active_at"]),
        "demo": found["demo"],
    }


async def expert(pool: Pool, expert_id: UUID) -> dict[str, Any] | None:
    """The public profile with figures, as `schemas.wire.rest.ExpertSaid` but for `online`."""
    found = await row(pool, _BY_ID, {"ids": [expert_id]})
    return None if found is None else _expert(found)


async def experts_by_id(pool: Pool, expert_ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """As `expert`, of those that are known: what a search result is shown with."""
    found = await rows(pool, _BY_ID, {"ids": list(expert_ids)})
    return {one["expert_id"]: _expert(one) for one in found}


async def list_experts(
    pool: Pool,
    *,
    category: str | None = None,
    only: Sequence[UUID] | None = None,
    limit: int = 20,
    cursor: str | None = None,
) -> dict[str, Any]:
    """`{items, next}` by name; `category` is part of a specialty's name, `only` keeps to these (who is online, say)."""
    after_name, after_id = from_cursor(cursor, 2) if cursor else _BEFORE_ALL
    parameters = {
        "category": category,
        "only": None if only is None else list(only),
        "after_name": after_name,
        "after_id": after_id,
        "limit": limit + 1,
    }
    found = await rows(pool, _LIST, parameters)
    page = found[:limit]
    more = len(found) > limit
    return {
        "items": [_expert(one) for one in page],
        "next": to_cursor(page[-1]["display_name"], page[-1]["expert_id"]) if more else None,
    }


class Features:
    """`schemas.port.FeatureSource` from the views."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def features(self, expert_ids: Sequence[UUID]) -> Mapping[UUID, ExpertFeatures]:
        found = await rows(self._pool, _FIGURES, {"ids": list(expert_ids)})
        return {one["expert_id"]: _features(one) for one in found}


def _features(found: Row) -> ExpertFeatures:
    return ExpertFeatures(
        expert_id=found["expert_id"],
        capacity=found["capacity"],
        available=found["available"],
        open_rooms=found["open_rooms"],
        open_offers=found["open_offers"],
        offered=found["offered"],
        accepted=found["accepted"],
        declined=found["declined"],
        expired=found["expired"],
        response_seconds_sum=found["response_seconds_sum"],
        rating_sum=found["rating_sum"],
        rating_count=found["rating_count"],
        last_active_at=found["last_active_at"],
        demo=found["demo"],
    )
