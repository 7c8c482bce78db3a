"""Learning a ranker from what became of offers, and comparing two on it. Pure, but for the trees."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from matcher.artefact import LearntFrom
from matcher.evaluation.metrics import Judged, figures, interval, judged, summary
from matcher.learned import LambdaMart, Lesson, widened
from matcher.rankers import HAND_SET, Ranker
from matcher.training.past import Match

HELD_OUT = 0.2
"""Of the matches, the last ones: a ranker that has not seen them is measured on them."""
LEAST = 20
"""Telling matches below which nothing is learnt."""
WARNING = (
    "The log knows only what became of those who were asked: a ranker that would have asked somebody else gets no"
    " credit for how they would have answered. Differences lean towards whichever ranker made the offers."
)


class TooLittle(ValueError):
    """There is not enough in the log to learn from or to compare on."""


def learnt(
    matches: Sequence[Match], told: Callable[[str, int, int], None] = lambda stage, done, total: None
) -> tuple[LambdaMart, LearntFrom, dict[str, float]]:
    """A ranker from the telling ones of `matches`, in their order; raises `TooLittle`."""
    telling = [one for one in matches if one.telling]
    if len(telling) < LEAST:
        raise TooLittle(
            f"{len(telling)} questions have somebody who accepted and somebody who did not; {LEAST} are needed"
        )
    held = telling[int((1 - HELD_OUT) * len(telling)) :]
    told("learning", 0, 2)
    novice = Ranker("novice", LambdaMart.train([_lesson(one) for one in telling[: -len(held)]]))
    told("learning", 1, 2)
    model = LambdaMart.train([_lesson(one) for one in telling])
    told("learning", 2, 2)
    ours = summary(figures([_judged(one, novice) for one in held]))
    hand = summary(figures([_judged(one, HAND_SET) for one in held]))
    metrics = {**ours, **{f"handSet{name[0].upper()}{name[1:]}": value for name, value in hand.items()}}
    window = LearntFrom(
        since=telling[0].at,
        until=telling[-1].at,
        up_to_position=telling[-1].position,
        questions=len(telling),
    )
    return model, window, {**metrics, "heldOut": float(len(held))}


def compared(
    matches: Sequence[Match], one: Ranker, other: Ranker, since: datetime, seen: datetime | None = None
) -> dict[str, Any]:
    """Both rankers on the matches since a moment, with 95 % bootstrap intervals of the difference (A less B).

    `seen` is the end of what either was learnt from. Raises `TooLittle`.
    """
    begun = since if since.tzinfo else since.replace(tzinfo=UTC)
    telling = [match for match in matches if match.telling and match.at >= begun]
    if not telling:
        raise TooLittle(f"since {begun.isoformat()} nobody accepted what somebody else did not")
    first = figures([_judged(match, one) for match in telling])
    second = figures([_judged(match, other) for match in telling])
    warnings = [WARNING]
    if seen is not None and seen >= begun:
        warnings.append(
            f"One of them has learnt from questions up to {seen.isoformat()}: compare on later ones."
        )
    makers = sorted({match.ranker for match in telling})
    return {
        "since": begun.isoformat(),
        "questions": len(telling),
        "offersMadeBy": makers,
        "a": {"version": one.version, **summary(first)},
        "b": {"version": other.version, **summary(second)},
        "difference": {
            name: {
                "value": round(float((first[name] - second[name]).mean()), 4),
                "interval": interval(first[name] - second[name], lambda sample: sample.mean(axis=1)),
            }
            for name in first
        },
        "warnings": warnings,
    }


def _lesson(match: Match) -> Lesson:
    """Places are those among all candidates, as live; learnt are only those of whom something is known."""
    gains = match.known
    kept = np.flatnonzero(~np.isnan(gains))
    return Lesson(widened(match.history, match.profile)[kept], gains[kept].astype(np.float32))


def _judged(match: Match, ranker: Ranker) -> Judged:
    """Among all who were candidates; those nobody asked count as if they had not answered."""
    order = np.argsort(-match.margins(ranker), kind="stable")
    gains = np.nan_to_num(match.known)[order]
    return judged(gains.tolist(), int(np.argmax(gains)))
