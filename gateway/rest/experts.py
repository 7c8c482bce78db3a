"""Finding experts, and saying what one knows."""

import logging
from typing import Annotated, Any
from uuid import UUID

import httpx
from fastapi import APIRouter, Query
from redis.exceptions import RedisError
from starlette.responses import Response

from gateway.paging import Place, page_of
from gateway.rest.caller import Me, The, answer
from gateway.rest.problems import Problem
from gateway.services import Services
from projections.queries.experts import expert, experts_by_id, list_experts
from projections.queries.reading import BadCursor, from_cursor, to_cursor
from schemas.base import Category, QuestionText
from schemas.commands.expert import SetExpertProfile, SpecialtyGiven
from schemas.wire.rest import ExpertSaid, ExpertsFoundSaid, SpecialtiesBody, WriteSaid

router = APIRouter(prefix="/experts", tags=["experts"])
log = logging.getLogger(__name__)

MATCHER_SECONDS = 3.0
MOST_FOUND = 200
"""Experts of one search, all its pages together: the same for each page, so that each sees the same ranking."""


@router.get("/search", response_model=ExpertsFoundSaid)
async def search(
    me: Me,
    the: The,
    q: Annotated[QuestionText | None, Query()] = None,
    category: Annotated[Category | None, Query()] = None,
    online: bool = False,
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
    cursor: str | None = None,
) -> Response:
    """Experts by meaning with `q`, up to 200 of them, otherwise by name. While the matcher is away `q` falls back to
    the listing; a page in the middle of a search is 503 then."""
    await me.sees_own_writes()
    if q is not None:
        found = await ranked(the, q, category, MOST_FOUND)
        if found is not None:
            return answer(await _found(the, found, online, limit, cursor))
        if cursor is not None:
            raise Problem(
                "unavailable", "search by meaning is away: ask again, or begin anew without a cursor"
            )
        listed = {**await _listed(the, category, online, limit, None), "next": None}
        return answer({**listed, "note": "search by meaning is away; these are listed by name"})
    return answer(await _listed(the, category, online, limit, cursor))


@router.get("/{expert_id}", response_model=ExpertSaid)
async def profile(expert_id: UUID, me: Me, the: The) -> Response:
    """An expert's public profile with figures."""
    await me.sees_own_writes()
    found = await expert(the.pool, expert_id)
    if found is None:
        raise Problem("not_found", "no such expert")
    return answer({**found, "online": expert_id in await online_among(the, [expert_id])})


@router.post("/specialties", response_model=WriteSaid)
async def specialise(body: SpecialtiesBody, me: Me, the: The) -> Response:
    """Say what one knows, for how long, and how many rooms one takes at once."""
    command = SetExpertProfile(
        specialties=tuple(SpecialtyGiven(name=one.name, level=one.level) for one in body.specialties),
        experience_years=body.experience_years,
        bio=body.bio,
        capacity=body.capacity,
        available=body.available,
    )
    outcome = await me.execute(command)
    await me.sees_own_writes()
    found = await expert(the.pool, me.id) or outcome.result
    return answer({**found, "position": outcome.position})


async def ranked(the: Services, q: str, category: str | None, limit: int) -> list[dict[str, Any]] | None:
    """What the matcher finds, best first; None while it is away."""
    try:
        found = await the.matcher.post(
            "/search", json={"q": q, "category": category, "limit": limit}, timeout=MATCHER_SECONDS
        )
        found.raise_for_status()
        items: list[dict[str, Any]] = found.json()["items"]
    except (httpx.HTTPError, ValueError, KeyError) as error:
        log.warning("the matcher does not answer: %s", error)
        return None
    return items


async def _found(
    the: Services, found: list[dict[str, Any]], only_online: bool, limit: int, cursor: str | None
) -> dict[str, Any]:
    online = await online_among(the, [UUID(one["expertId"]) for one in found])
    wanted = [one for one in found if UUID(one["expertId"]) in online] if only_online else found
    page, last = page_of(wanted, _place(cursor) if cursor else None, limit)
    ids = [UUID(one["expertId"]) for one in page]
    known = await experts_by_id(the.pool, ids)
    items = [
        {**known[id_], "online": id_ in online, "score": one["score"], "reasons": one["reasons"]}
        for id_, one in zip(ids, page, strict=True)
        if id_ in known
    ]
    return {"items": items, "next": to_cursor(*last) if last else None}


def _place(cursor: str) -> Place:
    score, expert_id = from_cursor(cursor, 2)
    if not isinstance(score, int | float) or not isinstance(expert_id, str):
        raise BadCursor("not a cursor of this search")
    return score, expert_id


async def _listed(
    the: Services, category: str | None, only_online: bool, limit: int, cursor: str | None
) -> dict[str, Any]:
    only = await everyone_online(the) if only_online else None
    found = await list_experts(the.pool, category=category, only=only, limit=limit, cursor=cursor)
    online = await online_among(the, [UUID(one["expertId"]) for one in found["items"]])
    items = [{**one, "online": UUID(one["expertId"]) in online} for one in found["items"]]
    return {"items": items, "next": found["next"]}


async def everyone_online(the: Services) -> list[UUID]:
    """Everyone who is connected; nobody, as far as one can tell, while Redis is away."""
    try:
        return await the.present.everyone()
    except (RedisError, OSError) as error:
        log.warning("presence is not known: %s", error)
        return []


async def online_among(the: Services, ids: list[UUID]) -> set[UUID]:
    """Those who are online; nobody, as far as one can tell, while Redis is away."""
    try:
        return await the.online.online(ids)
    except (RedisError, OSError) as error:
        log.warning("presence is not known: %s", error)
        return set()
