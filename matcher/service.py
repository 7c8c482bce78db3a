"""The matcher's internal HTTP endpoint for the gateway: experts, the archive, drafts, health and metrics.

Not for the world outside.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal, Protocol
from uuid import UUID

from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import Field

from matcher.archiving import Like
from matcher.drafting import MOST_PASSAGES, draft
from matcher.finder import Search
from matcher.index.contract import Wanted
from matcher.llm.contract import LanguageModel, ModelFailed
from matcher.ranking import Ranked
from matcher.reasons import to_candidate
from matcher.spelling import Spelt
from schemas.base import Category, ClosedSaid, QuestionText, Said
from schemas.events.question import Reason

log = logging.getLogger(__name__)

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


class LikeAsked(ClosedSaid):
    """A text, and what conversations like it are not to be: `but` itself, and of demo people unless `demo`."""

    q: QuestionText
    but: UUID | None = None
    demo: bool = False
    limit: Annotated[int, Field(ge=1, le=20)] = 3


class LikeSaid(Said):
    """A shared conversation, and whose words in it are the nearest."""

    question_id: UUID
    author_id: UUID
    score: float


class LikeAnswered(Said):
    """Those of the archive that are alike, best first."""

    items: tuple[LikeSaid, ...]


class DraftAsked(ClosedSaid):
    """A question, and the passages that a draft may rest on."""

    q: QuestionText
    passages: Annotated[tuple[str, ...], Field(min_length=1, max_length=MOST_PASSAGES)]


class DraftAnswered(Said):
    """The draft, with the numbers of the passages it cites; none, and why, if there is none."""

    draft: str | None = None
    cites: tuple[int, ...] = ()
    reason: Literal["off", "failed", "nothing"] | None = None


class Finds(Protocol):
    """What is used of `matcher.finder.Finder`."""

    async def find(self, searches: list[Search]) -> list[list[Ranked]]: ...


class Archives(Protocol):
    """What is used of `matcher.archiving.Archive`."""

    async def like(self, content: str, *, demo: bool, but: UUID | None, limit: int) -> list[Like]: ...


class Spells(Protocol):
    """What is used of `matcher.spelling.Spellings`."""

    def find(self, text: str) -> Mapping[UUID, Spelt]: ...

    def terms_of(self, category: str) -> frozenset[str]: ...


class Watches(Protocol):
    """What is used of `matcher.index.watching.IndexWatch`."""

    @property
    def out(self) -> Mapping[str, str]: ...


def make_service(
    finder: Finds,
    archive: Archives | None = None,
    model: LanguageModel | None = None,
    watch: Watches | None = None,
    spellings: Spells | None = None,
) -> FastAPI:
    """The endpoint over `finder`, the archive, the language model that drafts, who watches the indexes, and how
    specialties are spelt."""
    app = FastAPI(title="연결이 matcher", openapi_url=None, docs_url=None, redoc_url=None)

    @app.post("/search")
    async def search(asked: SearchAsked) -> SearchAnswered:
        """The experts nearest to `q` in meaning or spelling, the busy and the away among them; with a category only
        those who have it in the name of a specialty."""
        wanted = Wanted(limit=max(asked.limit, _LOOKED_AT_LEAST), free=False)
        spelt: Mapping[UUID, Spelt] = {}
        if spellings is not None:
            if asked.category:
                terms = await asyncio.to_thread(spellings.terms_of, asked.category)
                if not terms:
                    return SearchAnswered(items=())
                wanted = replace(wanted, any_term=terms)
            spelt = await asyncio.to_thread(spellings.find, asked.q)
        [ranking] = await finder.find(
            [Search(asked.q, asked.category, wanted, limit=asked.limit, spelt=spelt, within=asked.category)]
        )
        candidates = [to_candidate(ranked) for ranked in ranking]
        return SearchAnswered(
            items=tuple(Found(expert_id=c.expert_id, score=c.score, reasons=c.reasons) for c in candidates)
        )

    @app.get("/metrics")
    async def metrics() -> Response:
        """In Prometheus' form."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @app.post("/similar")
    async def similar(asked: LikeAsked) -> LikeAnswered:
        """The shared conversations like `q`. Whoever shows their words asks the views for the consent."""
        found = (
            await archive.like(asked.q, demo=asked.demo, but=asked.but, limit=asked.limit) if archive else []
        )
        return LikeAnswered(
            items=tuple(
                LikeSaid(question_id=one.question_id, author_id=one.author_id, score=one.score)
                for one in found
            )
        )

    @app.post("/draft")
    async def drafted(asked: DraftAsked) -> DraftAnswered:
        """A draft from the passages; the reason if there is none."""
        if model is None:
            return DraftAnswered(reason="off")
        try:
            made = await draft(model, asked.q, asked.passages)
        except ModelFailed as failed:
            log.warning("no draft by %s: %s", model.name, failed)
            return DraftAnswered(reason="failed")
        if not made.text:
            return DraftAnswered(reason="nothing")
        return DraftAnswered(draft=made.text, cites=made.cites)

    @app.get("/healthz")
    async def healthz() -> dict[str, Any]:
        """The process answers."""
        return {"status": "ok"}

    @app.get("/readyz")
    async def readyz(response: Response) -> dict[str, Any]:
        """Whether every index answers; 503 while one does not, and questions wait."""
        out = dict(watch.out) if watch else {}
        response.status_code = 503 if out else 200
        return {"ok": not out, "indexes": out}

    return app
