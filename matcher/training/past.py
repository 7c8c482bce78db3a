"""The log, read from its beginning: at each match what was known of its candidates, and what became of those asked.

Features come from the same retrieval as live ones and see only what stands before the match. What the log cannot
tell again (who was online, say) is taken from the reasons that the match recorded.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import numpy as np

from matcher.encoders.contract import Vector
from matcher.features import NOTHING_ANSWERED, Matrix
from matcher.histories import Column
from matcher.index.answers import Answered
from matcher.learned import PROFILE
from matcher.lexical.sparse import document, query
from matcher.lexical.terms import Terms
from matcher.rankers import Ranker
from matcher.ranking import RANKER
from matcher.recall import Query, Recall
from matcher.texts import encoded_text, lexical_text, topics_of
from schemas.envelope import Event
from schemas.events.question import (
    Candidate,
    ExpertRated,
    OfferAccepted,
    OfferDeclined,
    OffersExpired,
    QuestionAsked,
    QuestionCancelled,
    QuestionMatched,
    Reason,
)

BEST, ACCEPTED, REFUSED = 3.0, 1.0, 0.0
LIKED_STARS = 4
"""An acceptance that was rated so is worth as much as the best answer of a timeline."""
WANTED = (
    QuestionAsked,
    QuestionMatched,
    OfferAccepted,
    OfferDeclined,
    OffersExpired,
    ExpertRated,
    QuestionCancelled,
)
"""The events that are looked at."""


@dataclass(slots=True)
class Match:
    """One round of one question."""

    question_id: UUID
    at: datetime
    position: int
    ranker: str
    candidates: Sequence[UUID]
    history: Matrix
    """Shape (candidates, len(HISTORY))."""
    profile: Matrix
    """Shape (candidates, len(PROFILE)); NaN for what was not recorded."""
    scores: Column
    """As recorded, in the order of candidates."""
    gains: dict[UUID, float] = field(default_factory=dict)
    """Of those who were asked and answered, or let it run out; what nobody was asked, nobody knows."""

    @property
    def known(self) -> Column:
        """By candidate; NaN for those of whom nothing is known."""
        return np.array([self.gains.get(one, np.nan) for one in self.candidates])

    @property
    def telling(self) -> bool:
        """Whether somebody accepted and somebody did not."""
        return len(set(self.gains.values())) > 1 and max(self.gains.values()) > 0

    def margins(self, ranker: Ranker) -> Column:
        """How `ranker` would have scored the candidates; the hand-set weights by what was recorded."""
        if ranker.model is not None:
            return ranker.model.margins(self.history, self.profile)
        return self.scores


def texts(events: Iterable[Event]) -> list[str]:
    """The texts of the questions, as they are encoded."""
    return [
        encoded_text(event.data.content, event.data.category)
        for event in events
        if isinstance(event.data, QuestionAsked | QuestionMatched)
    ]


class Past:
    """Takes events in the order of the log."""

    def __init__(self, recall: Recall, vectors: Mapping[str, Vector], terms: Terms) -> None:
        """`recall` is empty; `vectors` are of `texts`."""
        self._recall = recall
        self._vectors = vectors
        self._terms = terms
        self._asked: dict[UUID, QuestionAsked | QuestionMatched] = {}
        """As last said: a question may be put in other words before it is matched again."""
        self._matches: dict[UUID, list[Match]] = {}

    @property
    def matches(self) -> list[Match]:
        """In the order of the log."""
        return sorted((one for of in self._matches.values() for one in of), key=lambda one: one.position)

    def take(self, event: Event) -> None:
        """What happened next."""
        data = event.data
        match data:
            case QuestionAsked():
                self._asked[data.question_id] = data
            case QuestionMatched():
                self._asked[data.question_id] = data
                if data.candidates:
                    self._matched(data, event)
            case OfferAccepted() if data.question_id in self._asked:
                self._became(data.question_id, [data.expert_id], ACCEPTED)
                self._answered(self._asked[data.question_id], data.expert_id, event.meta.at.timestamp())
            case OfferDeclined():
                self._became(data.question_id, [data.expert_id], REFUSED)
            case OffersExpired():
                self._became(data.question_id, data.expert_ids, REFUSED)
            case ExpertRated():
                self._recall.rate(Answered(data.question_id, data.expert_id, 0.0), data.stars)
                self._became(
                    data.question_id, [data.expert_id], BEST if data.stars >= LIKED_STARS else ACCEPTED
                )
            case QuestionCancelled():
                self._recall.remove_question(data.question_id)

    def _became(self, question_id: UUID, expert_ids: Iterable[UUID], gain: float) -> None:
        for one in self._matches.get(question_id, ()):
            one.gains |= {expert: gain for expert in expert_ids if expert in one.candidates}

    def _matched(self, data: QuestionMatched, event: Event) -> None:
        ids = tuple(one.expert_id for one in data.candidates)
        category = data.category or (data.analysis.category if data.analysis else None)
        [recalled] = self._recall.recall(
            [
                Query(
                    self._vectors[encoded_text(data.content, data.category)],
                    query(self._terms.of(lexical_text(data.content, category))),
                    topics_of(category),
                    event.meta.at.timestamp(),
                    free=False,
                )
            ]
        )
        rows = {expert_id: row for row, expert_id in enumerate(recalled.expert_ids)}
        history = np.stack([recalled.features[rows[one]] if one in rows else NOTHING_ANSWERED for one in ids])
        found = Match(
            data.question_id,
            event.meta.at,
            event.position,
            data.model.ranker,
            ids,
            history,
            np.array([recorded(one, data.model.ranker) for one in data.candidates]),
            np.array([one.score for one in data.candidates]),
        )
        self._matches.setdefault(data.question_id, []).append(found)

    def _answered(self, asked: QuestionAsked | QuestionMatched, expert_id: UUID, at: float) -> None:
        vector = self._vectors[encoded_text(asked.content, asked.category)]
        terms = document(self._terms.of(lexical_text(asked.content, asked.category)))
        answer = Answered(asked.question_id, expert_id, at, topics=topics_of(asked.category))
        self._recall.put([answer], [vector], [terms])


def recorded(candidate: Candidate, ranker: str) -> list[float]:
    """The values of `PROFILE` in a match's reasons. The hand-set weights leave out only what was about 0; of another
    ranker what is left out is not known."""
    values: dict[str, Reason] = {reason.feature: reason for reason in candidate.reasons}
    missing = 0.0 if ranker == RANKER else np.nan
    return [values[name].value if name in values else missing for name in PROFILE]
