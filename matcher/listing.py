"""Makes a ranking the list of an event: those who are asked, by fit less the price of being asked much lately and now
and then somebody new, and then the others."""

from collections.abc import Sequence
from uuid import UUID

from infra.log import EventLog
from matcher.load import Load
from matcher.ranking import Ranked
from matcher.reasons import to_candidate
from matcher.trying import LAST, with_trial
from schemas.events.question import Candidate


class Listing:
    """For the questions of one log."""

    def __init__(self, event_log: EventLog) -> None:
        self._load = Load(event_log)

    async def candidates(
        self, ranking: Sequence[Ranked], ranker: str, question_id: UUID, position: int
    ) -> tuple[Candidate, ...]:
        """The candidates of the round that begins at `position`; `ranking` is best first, as `ranker` has scored it."""
        spared, prices = await self._load.spared(ranking, ranker, position)
        price_of = {ranked.expert_id: price for ranked, price in zip(spared, prices, strict=True)}
        placed = with_trial(spared, question_id)
        return tuple(
            to_candidate(
                ranked,
                placed.draw if place == LAST else None,
                price=price_of[ranked.expert_id],
                propensity=propensity,
            )
            for place, (ranked, propensity) in enumerate(
                zip(placed.ranking, placed.propensities, strict=True)
            )
        )
