"""Which ranker is live at a position of the log: the one last chosen before it, if its artefact is here and fits.

Asked of the store before every few questions, so every matcher switches at the same question, and a question that is
looked at again gets the ranker it had. What does not fit is told once, counted, and the hand-set weights rank.
"""

import asyncio
import logging
from bisect import bisect_left
from pathlib import Path

from prometheus_client import Counter, Gauge

from infra.log import EventLog
from infra.settings import Settings
from matcher.artefact import Unfit, load
from matcher.rankers import HAND_SET, Ranker
from matcher.ranking import RANKER
from schemas.events.matcher import RankerChosen
from schemas.ids import RANKER_STREAM

log = logging.getLogger(__name__)

FELL_BACK = Counter(
    "yeon_matcher_ranker_fallbacks",
    "Times the hand-set weights took the place of the ranker that was chosen, by why nobody could use it.",
    ["version"],
)
LIVE = Gauge("yeon_matcher_ranker_live", "1 for the ranker that ranks here now.", ["version"])


def rankers_in(settings: Settings) -> Path:
    """Where the artefacts are."""
    return Path(settings.rankers) if settings.rankers else settings.data_dir / "rankers"


class LiveRanker:
    """Follows the choices in the log."""

    def __init__(self, event_log: EventLog, directory: Path, encoder: str) -> None:
        """`directory` holds the artefacts by version; `encoder` is the identity of the one in use."""
        self._log = event_log
        self._directory = directory
        self._encoder = encoder
        self._positions: list[int] = []
        self._chosen: list[RankerChosen | None] = []
        self._rankers: dict[tuple[str, str], Ranker] = {}
        self._live: str | None = None

    async def at(self, position: int | None = None) -> Ranker:
        """The ranker for what stands at `position` of the log; None for now."""
        for event in await self._log.stream(RANKER_STREAM, len(self._positions)):
            chosen = self._chosen[-1] if self._chosen else None
            if isinstance(event.data, RankerChosen):
                chosen = event.data
            else:
                log.error("the ranker stays, since position %d cannot be read", event.position)
            self._positions.append(event.position)
            self._chosen.append(chosen)
        count = len(self._chosen) if position is None else bisect_left(self._positions, position)
        ranker = await self._of(self._chosen[count - 1] if count else None)
        if count == len(self._chosen) and ranker.version != self._live:
            if self._live is not None:
                LIVE.labels(self._live).set(0)
            LIVE.labels(ranker.version).set(1)
            log.info("questions are ranked by %s", ranker.version)
            self._live = ranker.version
        return ranker

    def leave(self) -> None:
        """It ranks no more: another encoder has taken the place of its own."""
        if self._live is not None:
            LIVE.labels(self._live).set(0)
            self._live = None

    async def _of(self, chosen: RankerChosen | None) -> Ranker:
        if chosen is None or not chosen.sha256:
            return HAND_SET
        key = (chosen.version, chosen.sha256)
        if key not in self._rankers:
            try:
                found = await asyncio.to_thread(
                    load, self._directory / chosen.version, encoder=self._encoder, digest=chosen.sha256
                )
                self._rankers[key] = Ranker(chosen.version, found.model)
            except Unfit as error:
                log.error("%s was chosen and is not used; %s ranks: %s", chosen.version, RANKER, error)
                FELL_BACK.labels(chosen.version).inc()
                self._rankers[key] = HAND_SET
        return self._rankers[key]
