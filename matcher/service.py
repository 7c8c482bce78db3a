"""The matcher's internal HTTP endpoint: expert search for the gateway, and health. Not for the world outside."""

from typing import Annotated, Any, Protocol
from uuid import UUID

from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import Field

from matcher.finder import Search
from matcher.index.contract import Wanted
from matcher.ranking import Ranked
from matcher.reasons import to_candidate
from schemas.base import Category, ClosedSaid, QuestionText, Said
from schemas.events.question import Reason

_LOOKED_AT_LEAST = 60


class SearchAsked(ClosedSaid):
    """A text that says which expert is wanted."""

    q: QuestionText
    category: Category | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 20


class Found(Said):
    """One expert who fits, and why."""

    expert_id: UUID
    score: float
    reasons: tuple[Reason, ...]


class SearchAnswered(Said):
    """Those who fit, best first."""

    items: tuple[Found, ...]


class Finds(Protocol):
    """What is used of `matcher.finder.Finder`."""

    async def find(self, searches: list[Search]) -> list[list[Ranked]]: ...


def make_service(finder: Finds) -> FastAPI:
    """The endpoint over `finder`."""
    app = FastAPI(title="연결이 matcher", openapi_url=None, docs_url=None, redoc_url=None)

    @app.post("/search")
    async def search(asked: SearchAsked) -> SearchAnswered:
        """The experts nearest to `q`, the busy and the away among them."""
        wanted = Wanted(limit=max(asked.limit, _LOOKED_AT_LEAST), free=False)
        [ranking] = await finder.find([Search(asked.q, asked.category, wanted, limit=asked.limit)])
        candidates = [to_candidate(ranked) for ranked in ranking]
        return SearchAnswered(
            items=tuple(Found(expert_id=c.expert_id, score=c.score, reasons=c.reasons) for c in candidates)
        )

    @app.get("/metrics")
    async def metrics() -> Response:
        """In Prometheus' form."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @app.get("/healthz")
    async def healthz() -> dict[str, Any]:
        return {"status": "ok"}

    return app
