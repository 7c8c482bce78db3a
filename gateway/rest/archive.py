"""The archive of shared conversations: what is like a question, one of them, and a draft for an expert from them.

The matcher says which are alike; their words are read from the views, under the consent as it is now.
"""

import logging
from typing import Any
from uuid import UUID

import httpx
from fastapi import APIRouter
from starlette.responses import Response

from gateway.rest.caller import Me, The, answer, written
from gateway.rest.problems import Problem
from gateway.services import Services
from projections.queries.archive import excerpt, is_demo, shared
from projections.queries.questions import may_see, question
from schemas.commands.question import ShareConversation
from schemas.wire.archive import ConversationSaid, DraftSaid, ShareBody
from schemas.wire.rest import WriteSaid

router = APIRouter(tags=["archive"])
log = logging.getLogger(__name__)

SHOWN = 3
LOOKED_AT = 10
"""Of which some may not be shown any more."""
SIMILAR_SECONDS = 2.0
DRAFT_SECONDS = 25.0


@router.get("/archive/{question_id}", response_model=ConversationSaid)
async def conversation(question_id: UUID, me: Me, the: The) -> Response:
    """A shared conversation: the question, and the words of those who share theirs."""
    await me.sees_own_writes()
    found = (await shared(the.pool, me.id, [question_id])).get(question_id)
    if found is None:
        raise Problem("not_found", "no such conversation is in the archive")
    return answer(found)


@router.put("/questions/{question_id}/archive", response_model=WriteSaid)
async def share(question_id: UUID, body: ShareBody, me: Me) -> Response:
    """Let the archive have one's own words of a conversation, or take that back."""
    return written(await me.execute(ShareConversation(question_id=question_id, shared=body.shared)))


@router.post("/questions/{question_id}/draft", response_model=DraftSaid)
async def draft(question_id: UUID, me: Me, the: The) -> Response:
    """A draft for an expert who was offered the question, with the conversations it rests on. Nothing is posted."""
    await the.limits.hit("messages", f"drafts:{me.id}")
    await me.sees_own_writes()
    found = await question(the.pool, question_id) if await may_see(the.pool, question_id, me.id) else None
    if found is None:
        raise Problem("not_found", "no such question, or it is not yours to see")
    if found["userId"] == str(me.id):
        raise Problem("forbidden", "a draft is for the experts who were asked")
    sources = await similar(the, me.id, found["content"], question_id)
    if not sources:
        return answer({"draft": None, "reason": "nothing", "sources": []})
    passages = [f"{one['content']}\n{one['excerpt']}" for one in sources]
    made = await _asked(the, "/draft", {"q": found["content"], "passages": passages}, DRAFT_SECONDS) or {
        "draft": None,
        "cites": [],
        "reason": "failed",
    }
    cited = [{**sources[number - 1], "number": number} for number in made["cites"]]
    return answer({"draft": made["draft"], "reason": made["reason"], "sources": cited})


async def similar(the: Services, viewer: UUID, content: str, but: UUID | None = None) -> list[dict[str, Any]]:
    """The shared conversations most like `content`, each with its `link`; none while the matcher is away."""
    asked = {
        "q": content,
        "but": str(but) if but else None,
        "demo": await is_demo(the.pool, viewer),
        "limit": LOOKED_AT,
    }
    found = (await _asked(the, "/similar", asked, SIMILAR_SECONDS) or {}).get("items", [])
    known = await shared(the.pool, viewer, [UUID(one["questionId"]) for one in found])
    return [
        {
            "questionId": one["questionId"],
            "content": held["content"],
            "excerpt": excerpt(held, one["authorId"]),
            "roomId": None,
            "resolvedAt": held["resolvedAt"],
            "score": one["score"],
            "link": f"/api/archive/{one['questionId']}",
        }
        for one in found
        if (held := known.get(UUID(one["questionId"]))) is not None
    ][:SHOWN]


async def _asked(the: Services, path: str, body: dict[str, Any], seconds: float) -> dict[str, Any] | None:
    try:
        found = await the.matcher.post(path, json=body, timeout=seconds)
        found.raise_for_status()
        said: dict[str, Any] = found.json()
    except (httpx.HTTPError, ValueError) as error:
        log.warning("the matcher does not answer: %s", error)
        return None
    return said
