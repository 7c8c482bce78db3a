"""One round of one question, and what rounds are answered by: analyst, finder and ranker, all for one encoder."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from matcher.abreast import Abreast
from matcher.analysts.contract import Analysed, Analyst, Question
from matcher.analysts.stored import to_event
from matcher.finder import Finder, Search
from matcher.index.contract import Wanted
from matcher.listing import Listing
from matcher.live_ranker import LiveRanker
from matcher.rankers import HAND_SET
from matcher.ranking import breadth_of
from schemas.commands.question import OfferCandidates
from schemas.envelope import Event
from schemas.events.question import QuestionAsked, RoundRequested

TYPES = frozenset({QuestionAsked.TYPE, RoundRequested.TYPE})
"""The event types that begin a round."""


@dataclass(frozen=True, slots=True)
class Round:
    """One round of one question, and the event that began it."""

    event: Event
    question_id: UUID
    number: int
    search: Search


def round_of(event: Event) -> Round | None:
    """The round that `event` begins, if it begins one."""
    data = event.data
    if not isinstance(data, QuestionAsked | RoundRequested):
        return None
    number, asked = (data.round, data.excluded) if isinstance(data, RoundRequested) else (1, ())
    breadth = breadth_of(number)
    wanted = Wanted(breadth.looked_at, demo=data.demo, excluded=frozenset({*asked, data.asker_id}))
    search = Search(
        data.content,
        data.category,
        wanted,
        least_fit=breadth.least_fit,
        at=event.meta.at.timestamp(),
    )
    return Round(event, data.question_id, number, search)


@dataclass(frozen=True, slots=True)
class Matching:
    """What rounds are answered by."""

    finder: Finder
    analyst: Analyst
    abreast: Abreast | None = None
    """Without it no question waits for the index."""
    live: LiveRanker | None = None
    """Without it the hand-set weights rank."""

    async def answers(self, rounds: Sequence[Round], listing: Listing) -> list[OfferCandidates]:
        """What `rounds` are answered with, in their order, by what is known now. Changes nothing."""
        analysed = await self.analyst.analyse([Question(r.search.content, r.search.category) for r in rounds])
        rankers = [await self.live.at(one.event.position) if self.live else HAND_SET for one in rounds]
        rankings = await self.finder.find(
            [
                replace(_known(one.search, found), ranker=ranker)
                for one, found, ranker in zip(rounds, analysed, rankers, strict=True)
            ]
        )
        lists = [
            await listing.candidates(ranking, ranker.version, one.question_id, one.event.position)
            for one, ranking, ranker in zip(rounds, rankings, rankers, strict=True)
        ]
        return [
            OfferCandidates(
                question_id=one.question_id,
                round=one.number,
                model=self.finder.model.model_copy(update={"ranker": ranker.version}),
                candidates=candidates,
                analysis=to_event(found.analysis),
            )
            for one, candidates, found, ranker in zip(rounds, lists, analysed, rankers, strict=True)
        ]


def _known(search: Search, analysed: Analysed) -> Search:
    """The search with what its text was found to say; the category found counts where the asker named none."""
    return replace(search, analysed=analysed, category=search.category or analysed.analysis.category)
