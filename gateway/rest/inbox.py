"""One's durable notifications."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from gateway.rest.caller import Me, The, answer
from projections.queries.inbox import inbox
from schemas.wire.rest import HistorySaid

router = APIRouter(tags=["inbox"])


@router.get("/inbox", response_model=HistorySaid)
async def notifications(
    me: Me,
    the: The,
    after_seq: Annotated[int, Query(alias="afterSeq", ge=0, le=2**53)] = 0,
    before_seq: Annotated[int | None, Query(alias="beforeSeq", ge=0, le=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """What one was told, ascending and without a gap: the first after `afterSeq`, or the last before `beforeSeq`."""
    await me.sees_own_writes()
    return answer(await inbox(the.pool, me.id, after_seq, limit, before_seq))
