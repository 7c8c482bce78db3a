"""Judges the matcher on a timeline: learns on the part before the cut, and is measured on the part after it."""

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from matcher.encoders.contract import Encoder
from matcher.evaluation.embeddings import Embeddings
from matcher.evaluation.lists import Replayed, Rows, reached, top_share
from matcher.evaluation.metrics import Judged, Values, figures, intervals, judged, ratio_interval, summary
from matcher.evaluation.replay import BEST, Moment, Replay, first_answers
from matcher.evaluation.timeline import BadFile, Question, Timeline
from matcher.fairness import ASKED
from matcher.features import HISTORY
from matcher.histories import Column
from matcher.index.answers_edge import EdgeAnswers
from matcher.learned import LambdaMart, lesson
from matcher.lexical.terms import Terms
from matcher.recall import Recall
from matcher.texts import encoded_text

SKIPPED_SHARE = 0.2
"""Of the questions before the cut, the first ones are not learnt from: hardly anybody has answered anything yet."""
MOST_LESSONS = 5_000
REHEARSED_SHARE = 0.15
"""Of the questions before the cut, the last ones are rehearsed: a ranker that has not seen them makes lists of them,
so that the lists after the cut do not begin with nobody ever asked."""

Progress = Callable[[str, int, int], None]
"""Told a stage, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class _Ranking:
    """One question with the margins it was ranked by and the order in which experts are asked."""

    moment: Moment
    margins: Column
    order: Sequence[int]
    seconds: float


def evaluate(
    timeline: Timeline,
    encoders: Sequence[Encoder],
    cache: Path,
    *,
    available: bool = False,
    limit: int | None = None,
    progress: Progress = lambda stage, done, total: None,
) -> dict[str, Any]:
    """The figures, as one object for JSON. Raises `BadFile` if there is nothing to learn from or to judge."""
    wanted = _wanted(timeline, limit)
    end = max(question.at for question in wanted if question.evaluate)
    texts = [text_of(line) for line in timeline.lines if isinstance(line, Question) and line.at <= end]
    encoding = 0

    def encoded(count: int) -> None:
        nonlocal encoding
        encoding += count
        progress("encoding", encoding, len(set(texts)))

    vectors = Embeddings(cache, encoders).queries(texts, encoded)
    with tempfile.TemporaryDirectory() as directory:
        encoder = encoders[0]
        index = EdgeAnswers(Path(directory), encoder.identity, encoder.dim, durable=False)
        index.open()
        try:
            recall = Recall(index, encoder.dim, encoder.similarity_range)
            replay = Replay(timeline, recall, vectors, Terms())
            ids = frozenset(question.question_id for question in wanted)
            moments = []
            for done, moment in enumerate(replay.moments(text_of, available=available, wanted=ids), 1):
                moments.append(moment)
                progress("replaying", done, len(wanted))
            return _report(timeline, replay, moments, available=available, progress=progress)
        finally:
            index.close()


def text_of(question: Question) -> str:
    """The text of a question that is encoded."""
    return encoded_text(question.content)


def _wanted(timeline: Timeline, limit: int | None) -> list[Question]:
    """The questions to learn from and to judge, in order."""
    questions = [line for line in timeline.lines if isinstance(line, Question)]
    before = [question for question in questions if question.at < timeline.cut]
    after = [question for question in questions if question.evaluate and question.at >= timeline.cut][:limit]
    if not before or not after:
        raise BadFile("there must be questions before the cut, and questions to evaluate after it")
    return before[int(SKIPPED_SHARE * len(before)) :][-MOST_LESSONS:] + after


def _report(
    timeline: Timeline, replay: Replay, moments: Sequence[Moment], *, available: bool, progress: Progress
) -> dict[str, Any]:
    past = [moment for moment in moments if not moment.evaluated and moment.gains.any()]
    present = [moment for moment in moments if moment.evaluated]
    if len(past) < 10 or not present:
        raise BadFile("too few questions before the cut were answered by candidates to learn from")
    rehearsed = past[int((1 - REHEARSED_SHARE) * len(past)) :]
    progress("learning", 0, 2)
    novice = _train(past[: -len(rehearsed)])
    progress("learning", 1, 2)
    ranker = _train(past)
    progress("learning", 2, 2)

    lists = Replayed()
    rehearsal = [_ranked(novice, lists, moment) for moment in rehearsed]
    rankings = [_ranked(ranker, lists, moment) for moment in present]
    values = figures([_judged(one.moment, one.order) for one in rankings])
    by_fit = figures(
        [_judged(one.moment, _best_first(one.margins, one.moment.candidates)) for one in rankings]
    )
    baselines = {
        name: figures([_judged(m, _best_first(score(m), m.candidates)) for m in present])
        for name, score in _BASELINES.items()
    }
    times = 1000 * np.array([one.moment.seconds + one.seconds for one in rankings])
    return {
        "site": timeline.site,
        "candidates": "available" if available else "all",
        "experts": len(timeline.experts),
        "learntFrom": len(past),
        "evaluated": len(present),
        "judged": len(values["mrr"]),
        **summary(values),
        "topShare": top_share(one.order[:ASKED] for one in rankings),
        **_newcomers(timeline, replay, lists, rehearsed, present),
        "ms": {"p50": _percentile(times, 50), "p99": _percentile(times, 99)},
        "intervals": intervals(values),
        "byFit": {
            **summary(by_fit),
            "intervals": intervals(by_fit),
            "topShare": top_share(
                _best_first(one.margins, one.moment.candidates)[:ASKED] for one in rankings
            ),
        },
        "hit5Kept": _ratio(values["hit5"], by_fit["hit5"]),
        "exploration": _exploration(rehearsal + rankings),
        "baselines": {name: summary(column) for name, column in baselines.items()},
        "mrrRatio": {
            name: {
                "ratio": _ratio(values["mrr"], column["mrr"]),
                "interval": ratio_interval(values["mrr"], column["mrr"]),
                "byFit": _ratio(by_fit["mrr"], column["mrr"]),
            }
            for name, column in baselines.items()
        },
    }


def _train(moments: Sequence[Moment]) -> LambdaMart:
    return LambdaMart.train(
        [
            lesson(moment.features[moment.candidates], moment.gains[moment.candidates], seed)
            for seed, moment in enumerate(moments)
        ]
    )


def _ranked(ranker: LambdaMart, lists: Replayed, moment: Moment) -> _Ranking:
    import time

    began = time.perf_counter()
    margins = np.full(len(moment.features), -np.inf)
    margins[moment.candidates] = ranker.margins(moment.features[moment.candidates])
    order = lists.order(
        moment.question_id, moment.at, margins, moment.candidates, moment.counts, explore=True
    )
    return _Ranking(moment, margins, order, time.perf_counter() - began)


def _judged(moment: Moment, order: Sequence[int]) -> Judged:
    gains = moment.gains[list(order)]
    best = np.flatnonzero(gains == BEST)
    return judged(gains.tolist(), int(best[0]) if len(best) else None)


def _best_first(scores: Column, candidates: Rows) -> list[int]:
    found: list[int] = candidates[np.argsort(-scores[candidates], kind="stable")].tolist()
    return found


def _standard(column: Column, candidates: Rows) -> Column:
    among = column[candidates]
    standard: Column = (column - among.mean()) / (among.std() + 1e-9) if len(among) else column
    return standard


def _feature(moment: Moment, name: str) -> Column:
    column: Column = moment.features[:, HISTORY.index(name)]
    return column


def _amount(moment: Moment, name: str) -> Column:
    """A faded count, as its logarithm, from the feature that it saturates in."""
    value = np.minimum(_feature(moment, name), 0.999)
    amount: Column = np.log1p(2.0 * value / (1.0 - value))
    return amount


def _activity_and_centroid(moment: Moment) -> Column:
    both: Column = _standard(_amount(moment, "recent_14"), moment.candidates) + _standard(
        _feature(moment, "centroid"), moment.candidates
    )
    return both


_BASELINES: dict[str, Callable[[Moment], Column]] = {
    "activityCentroid": _activity_and_centroid,
    "activity": lambda moment: _amount(moment, "recent_14"),
    "centroid": lambda moment: _feature(moment, "centroid"),
    "popularity": lambda moment: _feature(moment, "answered"),
}
"""Activity fades with a half-life of 14 days, the best of those tried before the cut; equal weights of standard scores."""


def _newcomers(
    timeline: Timeline,
    replay: Replay,
    lists: Replayed,
    rehearsed: Sequence[Moment],
    present: Sequence[Moment],
) -> dict[str, Any]:
    """First-time answerers reached after the cut; where nobody is new there, in the rehearsal before it."""
    first = first_answers(timeline, replay.rows)

    def between(begin: date, end: date) -> dict[int, date]:
        return {row: day for row, day in first.items() if begin <= day <= end}

    begin, end = timeline.cut, present[-1].at
    if not (people := between(begin, end)):
        begin, end = rehearsed[0].at, rehearsed[-1].at
        people = between(begin, end)
    return {
        "firstTimers": reached(people, lists.asked_first),
        "firstTimersOver": {"from": str(begin), "to": str(end), "people": len(people)},
    }


def _exploration(rankings: Iterable[_Ranking]) -> dict[str, Any]:
    """What trying newcomers cost in Hit@5, over all questions that were ranked."""
    with_, without, tried = [], [], 0
    for one in rankings:
        best = np.flatnonzero(one.moment.gains == BEST)
        asked = list(one.order[:ASKED])
        new = [row for row in asked if one.moment.counts[row] <= 0]
        tried += bool(new)
        if len(best):
            known = [row for row in one.order if row not in new][:ASKED]
            with_.append(float(best[0] in asked))
            without.append(float(best[0] in known))
    return {"lists": tried, "hit5Kept": _ratio(np.array(with_), np.array(without))}


def _ratio(ours: Values, theirs: Values) -> float:
    return round(float(ours.mean() / theirs.mean()), 4) if len(theirs) and theirs.mean() > 0 else 0.0


def _percentile(times: Values, share: float) -> float:
    return round(float(np.percentile(times, share)), 1)
