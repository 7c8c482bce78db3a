"""Asking, following, ending and rating questions, and an expert's answers to offers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from gateway.rest import suggestions
from gateway.rest.archive import similar
from gateway.rest.caller import Me, The, answer, written
from gateway.rest.problems import Problem
from infra.ids import new_id
from projections.queries.archive import sharing
from projections.queries.questions import list_questions, may_see, question
from schemas.base import QuestionStatus
from schemas.commands.question import (
    AcceptOffer,
    AskQuestion,
    CancelQuestion,
    DeclineOffer,
    EditQuestion,
    RateExpert,
    ReopenQuestion,
    ResolveQuestion,
    RetryMatching,
)
from schemas.wire.rest import AskBody, ListSaid, QuestionSaid, RatingBody, StatusBody, WriteSaid

router = APIRouter(prefix="/questions", tags=["questions"])
router.include_router(suggestions.router)

MOVES: dict[str, type[ResolveQuestion | CancelQuestion | ReopenQuestion | RetryMatching]] = {
    "resolved": ResolveQuestion,
    "cancelled": CancelQuestion,
    "in_progress": ReopenQuestion,
    "pending": RetryMatching,
}


@router.post("", status_code=201, response_model=QuestionSaid)
async def ask(body: AskBody, me: Me, the: The) -> Response:
    """Ask a question."""
    await the.limits.hit("questions", str(me.id))
    command = AskQuestion(
        question_id=new_id(), content=body.content, category=body.category, urgency=body.urgency
    )
    return written(await me.execute(command), 201)


@router.get("", response_model=ListSaid)
async def questions(
    me: Me,
    the: The,
    mine: bool = False,
    status: QuestionStatus | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    """The questions one asked, and without `mine` also those one was offered; everyone's for operators."""
    await me.sees_own_writes()
    everyone = me.claims.role == "operator" and not mine
    found = await list_questions(
        the.pool, me.id, mine=mine, everyone=everyone, status=status, limit=limit, cursor=cursor
    )
    return answer(found)


@router.get("/{question_id}", response_model=QuestionSaid)
async def one_question(question_id: UUID, me: Me, the: The) -> Response:
    """The question with candidates, offers, its room and similar ones, for those it concerns."""
    await me.sees_own_writes()
    if me.claims.role != "operator" and not await may_see(the.pool, question_id, me.id):
        raise Problem("not_found", "no such question, or it is not yours to see")
    found = await question(the.pool, question_id)
    if found is None:
        raise Problem("not_found", "no such question")
    alike = await similar(the, me.id, found["content"], question_id) if found["content"] else []
    return answer({**found, "similar": alike, "sharedBy": await sharing(the.pool, question_id)})


@router.put("/{question_id}", response_model=WriteSaid)
async def edit(question_id: UUID, body: AskBody, me: Me, the: The) -> Response:
    """Put one's question in other words, as long as nobody accepted it. Those who were asked are told."""
    await the.limits.hit("questions", str(me.id))
    command = EditQuestion(
        question_id=question_id, content=body.content, category=body.category, urgency=body.urgency
    )
    return written(await me.execute(command))


@router.put("/{question_id}/status", response_model=WriteSaid)
async def move(question_id: UUID, body: StatusBody, me: Me) -> Response:
    """Resolve, cancel, reopen or match again; only as the domain allows."""
    return written(await me.execute(MOVES[body.status](question_id=question_id)))


@router.post("/{question_id}/accept", response_model=WriteSaid)
async def accept(question_id: UUID, me: Me) -> Response:
    """Take a question one was offered."""
    return written(await me.execute(AcceptOffer(question_id=question_id)))


@router.post("/{question_id}/decline", response_model=WriteSaid)
async def decline(question_id: UUID, me: Me) -> Response:
    """Do not take a question one was offered."""
    return written(await me.execute(DeclineOffer(question_id=question_id)))


@router.post("/{question_id}/ratings", status_code=201, response_model=WriteSaid)
async def rate(question_id: UUID, body: RatingBody, me: Me) -> Response:
    """Rate an expert of one's resolved question; again to change it."""
    command = RateExpert(
        question_id=question_id, expert_id=body.expert_id, stars=body.stars, comment=body.comment
    )
    return written(await me.execute(command), 201)
