"""One's durable notifications, and the live figures for operators."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Query
from starlette.responses import Response

from gateway.rest.caller import Me, The, answer
from gateway.rest.problems import Problem
from projections.queries.inbox import inbox
from projections.queries.progress import operator_counts
from schemas.wire.rest import HistorySaid

STATISTICS = "yeon:statistics"
"""The Redis key under which the streams keep their live figures, as JSON."""

router = APIRouter(tags=["inbox"])


@router.get("/inbox", response_model=HistorySaid)
async def notifications(
    me: Me,
    the: The,
    after_seq: Annotated[int, Query(alias="afterSeq", ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """What one was told after `afterSeq`, ascending and without a gap."""
    await me.sees_own_writes()
    return answer(await inbox(the.pool, me.id, after_seq, limit))


@router.get("/statistics", response_model=None)
async def statistics(me: Me, the: The) -> Response:
    """Live figures and counts, for operators."""
    if me.claims.role != "operator":
        raise Problem("forbidden", "for operators only")
    live = await the.redis.get(STATISTICS)
    return answer({"live": orjson.loads(live) if live else {}, "counts": await operator_counts(the.pool)})
