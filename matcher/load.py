"""What having been asked much lately costs an expert on live lists: the prices of `matcher.fairness`, from the log.

The prices at a position of the log follow from the matches before it and from nothing else, so every matcher has the
same ones, and a question that is looked at again gets the list it had. What is older than `SPAN` positions before the
last multiple of it is forgotten, so that a start does not read the whole log.
"""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import numpy as np

from infra.log import EventLog
from matcher.fairness import Lists
from matcher.histories import Column
from matcher.ranking import RANKER, Ranked
from matcher.reasons import EXPLORATION
from schemas.events.question import QuestionMatched, Reason

SPAN = 100_000
HAND_SET_UNIT = 0.1
"""The hand-set weights' scores are no logarithms of odds; so much of a score is taken for one unit of margin."""
_NEARLY = 5e-5
"""Scores in events have four digits."""


class Load:
    """Follows the matches in the log."""

    def __init__(self, event_log: EventLog, span: int = SPAN) -> None:
        self._log = event_log
        self._span = span
        self._fold = _Fold(0, span)
        self._upto = 0
        self._turn = asyncio.Lock()

    async def spared(
        self, ranking: Sequence[Ranked], ranker: str, position: int
    ) -> tuple[list[Ranked], list[float]]:
        """`ranking` for the question at `position`, those who are asked first, and beside it their prices.

        `ranking` is best first, as `ranker` has scored it.
        """
        async with self._turn:
            return (await self._at(position)).spared(ranking, ranker)

    async def _at(self, position: int) -> "_Fold":
        start = _start(position, self._span)
        last = position - 1
        fold, upto = self._fold, self._upto
        if last < upto or start > fold.start + self._span:  # looked at again, or the first look for long
            fold, upto = _Fold(start, self._span), max(start - 1, 0)
        for event in await self._log.of_types([QuestionMatched.TYPE], upto, last):
            fold.roll(_start(event.position, self._span))
            if isinstance(event.data, QuestionMatched):
                fold.count(event.position, event.data)
        fold.roll(start)
        if last >= self._upto:
            self._fold, self._upto = fold, last
        return fold


class _Fold:
    """The matches since `start`, and beside them those since a span later, which take their place in time."""

    def __init__(self, start: int, span: int) -> None:
        self.start = start
        self._span = span
        self._rows: dict[UUID, int] = {}
        self._older = Lists()
        self._younger = Lists()

    def roll(self, start: int) -> None:
        """Forget what is before `start`."""
        while self.start < start:
            self._older, self._younger = self._younger, Lists()
            self.start += self._span

    def count(self, position: int, match: QuestionMatched) -> None:
        """A list was made: those with an offer are asked, and whoever was tried does not pay for it."""
        tried = {one.expert_id for one in match.candidates if _was_tried(one.reasons)}
        rows = self._of([one.expert_id for one in match.candidates])
        asked = self._of([one.expert_id for one in match.offers if one.expert_id not in tried])
        margins = np.zeros(len(self._rows))
        margins[rows] = margins_of([one.score for one in match.candidates], match.model.ranker)
        for lists in [self._older] + [self._younger] * (position >= self.start + self._span):
            lists.keep(margins, np.array(rows, dtype=np.intp), asked)
            lists.charge(np.arange(len(self._rows)), asked, len(rows))

    def spared(self, ranking: Sequence[Ranked], ranker: str) -> tuple[list[Ranked], list[float]]:
        """The ranking with those who are asked first, and their prices."""
        rows = self._of([one.expert_id for one in ranking])
        margins = np.full(len(self._rows), -np.inf)
        margins[rows] = margins_of([one.score for one in ranking], ranker)
        asked = set(self._older.asked(margins, np.array(rows, dtype=np.intp))) if rows else set()
        prices = self._older.prices(len(self._rows))
        order = sorted(range(len(rows)), key=lambda place: rows[place] not in asked)
        return [ranking[place] for place in order], [float(prices[rows[place]]) for place in order]

    def _of(self, expert_ids: Sequence[UUID]) -> list[int]:
        return [self._rows.setdefault(expert_id, len(self._rows)) for expert_id in expert_ids]


def _start(position: int, span: int) -> int:
    """From where on matches count for a question at `position`."""
    return max(position // span - 1, 0) * span


def _was_tried(reasons: Sequence[Reason]) -> bool:
    return any(reason.feature == EXPLORATION for reason in reasons)


def margins_of(scores: Sequence[float], ranker: str) -> Column:
    """Scores of a ranker as margins, whose differences are logarithms of odds."""
    found = np.asarray(scores, dtype=np.float64)
    if ranker == RANKER:
        return found / HAND_SET_UNIT
    clipped = np.clip(found, _NEARLY, 1 - _NEARLY)
    return np.log(clipped / (1 - clipped))
