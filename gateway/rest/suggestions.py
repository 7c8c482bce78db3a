"""What the client shows while a question is being written. The words are used for the answer and kept nowhere."""

import asyncio
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from gateway.rest.archive import similar
from gateway.rest.caller import Me, The, answer
from gateway.rest.experts import everyone_online, ranked
from gateway.services import Services
from gateway.suggesting import Near, alike, category_of
from projections.queries.asking import about, answered
from projections.queries.experts import experts_by_id
from schemas.wire.suggestions import SuggestBody, SuggestionsSaid

router = APIRouter()

_LEAST_CHARACTERS = 6
_NEAREST = 5


@router.post("/suggestions", response_model=SuggestionsSaid)
async def suggest(body: SuggestBody, me: Me, the: The) -> Response:
    """The field, answered questions that are alike and that one may see, who is about, and the usual wait."""
    await the.limits.hit("messages", f"suggestions:{me.id}")
    await me.sees_own_writes()
    content = body.content.strip()
    if len(content) < _LEAST_CHARACTERS:
        return answer({"about": await _about(the, me.id), "category": None, "similar": []})
    who, category, before, archived = await asyncio.gather(
        _about(the, me.id),
        _category(the, content),
        answered(the.pool, me.id),
        similar(the, me.id, content),
    )
    own = alike(content, before)
    there = {one["questionId"] for one in own}
    others = [one for one in archived if one["questionId"] not in there]
    return answer({"about": who, "category": category, "similar": own + others})


async def _about(the: Services, viewer: UUID) -> dict[str, object]:
    return await about(the.pool, viewer, await everyone_online(the))


async def _category(the: Services, content: str) -> str | None:
    found = await ranked(the, content, None, _NEAREST) or []
    known = await experts_by_id(the.pool, [UUID(one["expertId"]) for one in found])
    near = [
        Near(one["score"], tuple(specialty["name"] for specialty in known[id_]["specialties"]))
        for one in found
        if (id_ := UUID(one["expertId"])) in known
    ]
    return category_of(content, near)
