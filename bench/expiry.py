"""Expiry: from the end of an offer nobody answered to the next offer in the store, at the clock of the worker.

Each question has two candidates and asks one at a time; the first never answers. Parts and roles of its own."""

import asyncio
import time
from uuid import UUID

from bench.site import laid_out
from bench.stack import percentiles, say
from bench.world import MODEL, World
from infra.ids import new_id
from infra.log import EventLog
from infra.postgres import pool as connect
from schemas.commands.question import AskQuestion, OfferCandidates
from schemas.events.question import Candidate, QuestionMatched, QuestionOffered
from schemas.ids import SYSTEM

QUESTIONS = 300
A_SECOND = 30
OFFER_SECONDS = 3


async def _ask(world: World, asker: UUID, experts: list[UUID], number: int) -> None:
    question = new_id()
    await world.do(asker, AskQuestion(question_id=question, content="누가 알까요?", urgency="high"))
    two = (experts[number % len(experts)], experts[(number + 1) % len(experts)])
    candidates = tuple(Candidate(expert_id=one, score=1.0) for one in two)
    await world.do(SYSTEM, OfferCandidates(question_id=question, round=1, model=MODEL, candidates=candidates))


async def main() -> None:
    async with laid_out(1_000) as site:
        site.settings = site.settings.model_copy(
            update={"offers_at_once": 1, "offer_seconds_high": OFFER_SECONDS}
        )
        site.start("relay")
        site.start("streams")
        async with World(site.settings) as world, connect(site.settings.postgres_url, "bench") as pool:
            asker = await world.person(0, "questioner")
            experts = [await world.expert(number) for number in range(20)]
            await site.until(lambda: site.caught_up("view:%"))
            log = EventLog(pool)
            at, ends, late = await log.head(), {}, []

            async def follow() -> None:
                nonlocal at
                while len(late) < QUESTIONS:
                    for event in await log.read(at, 1_000):
                        at = event.position
                        if isinstance(event.data, QuestionMatched):
                            ends[event.data.question_id] = event.data.offers[0].expires_at.timestamp()
                        elif isinstance(event.data, QuestionOffered) and event.data.question_id in ends:
                            late.append(time.time() - ends.pop(event.data.question_id))
                    await asyncio.sleep(0.001)

            following = asyncio.create_task(follow())
            began = time.perf_counter()
            for number in range(QUESTIONS):
                await asyncio.sleep(max(0.0, began + number / A_SECOND - time.perf_counter()))
                await _ask(world, asker, experts, number)
            async with asyncio.timeout(60):
                await following
    say("expiry", questions=QUESTIONS, ms=percentiles(late), earliest_ms=round(min(late) * 1000, 2))


if __name__ == "__main__":
    asyncio.run(main())
