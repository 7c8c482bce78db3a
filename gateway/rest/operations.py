"""For operators: live figures, what is parked and why, and having it taken up again."""

from datetime import timedelta
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends
from starlette.responses import Response

from gateway.rest.caller import Me, The, answer
from gateway.rest.problems import Problem
from infra.clock import now
from infra.log import EventLog
from infra.push import publish
from projections.catalogue import VIEWS
from projections.frames import stamp
from projections.parking import ask_again, by_key, release, waiting
from projections.queries.fairness import fairness
from projections.queries.progress import operator_counts
from schemas.wire.operations import ParkedSaid, ReleaseBody

STATISTICS = "yeon:statistics"
"""The Redis key under which the streams keep their live figures, as JSON."""
OF_VIEWS = {view.consumer: view for view in VIEWS.values()}


async def _operator(me: Me) -> None:
    if me.claims.role != "operator":
        raise Problem("forbidden", "for operators only")


router = APIRouter(tags=["operations"])
Operator = Annotated[None, Depends(_operator)]


@router.get("/statistics", response_model=None)
async def statistics(_: Operator, the: The) -> Response:
    """Live figures, counts, how fairly the last day's questions were spread, and sockets by gateway process."""
    live = await the.redis.get(STATISTICS)
    sockets = await the.present.by_node()
    counts = await operator_counts(the.pool)
    fair = await fairness(the.pool, now() - timedelta(days=1))
    figures = {"live": orjson.loads(live) if live else {}, "counts": counts, "fairness": fair}
    return answer({**figures, "sockets": sockets})


@router.get("/parked", response_model=ParkedSaid)
async def parked(_: Operator, the: The) -> Response:
    """What each consumer could not take: the first event of each key with the reason, and how many wait behind it."""
    return answer({"items": await _parked(the)})


@router.post("/parked/release", response_model=ParkedSaid)
async def take_up(body: ReleaseBody, _: Operator, the: The) -> Response:
    """Take up again, in order, what a consumer parked of a key, and answer what is parked after it.

    A view does so at once; any other consumer is asked, and does when it next looks."""
    view = OF_VIEWS.get(body.consumer)
    if view is None:
        await ask_again(the.pool, body.consumer, body.key)
    else:
        applied = await release(the.pool, EventLog(the.pool), view, body.key)
        await publish(the.redis, applied.pushes, applied.progress)
    return answer({"items": await _parked(the)})


async def _parked(the: The) -> list[dict[str, object]]:
    return [
        {
            "consumer": first.consumer,
            "key": str(first.key),
            "position": first.position,
            "reason": first.reason,
            "parkedAt": stamp(first.parked_at),
            "behind": len(rest),
        }
        for first, *rest in by_key(await waiting(the.pool))
    ]
