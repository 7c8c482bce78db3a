"""What the live statistics count of an event, and what is said of the counts. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from schemas.envelope import Event
from schemas.events.question import (
    OfferAccepted,
    OfferDeclined,
    OffersExpired,
    QuestionAsked,
    QuestionMatched,
)

Figure = Literal[
    "asked", "matched", "match_seconds", "answered", "answer_seconds", "accepted", "declined", "expired"
]
FIGURES: tuple[Figure, ...] = get_args(Figure)
WINDOW_SECONDS = 60
KEPT_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class Count:
    """Add `amount` to `figure` in the window of the event."""

    figure: Figure
    amount: float


def counted(event: Event, asked_at: float | None) -> list[Count]:
    """What `event` adds; `asked_at`, in seconds since the epoch, is when its question was asked, if that is known."""
    data = event.data
    waited = None if asked_at is None else max(0.0, event.meta.at.timestamp() - asked_at)
    match data:
        case QuestionAsked():
            return [Count("asked", 1)]
        case QuestionMatched(round=1) if waited is not None:
            return [Count("matched", 1), Count("match_seconds", waited)]
        case OfferAccepted(first=True) if waited is not None:
            return [Count("accepted", 1), Count("answered", 1), Count("answer_seconds", waited)]
        case OfferAccepted():
            return [Count("accepted", 1)]
        case OfferDeclined():
            return [Count("declined", 1)]
        case OffersExpired():
            return [Count("expired", len(data.expert_ids))]
    return []


Windows = Mapping[Figure, Mapping[float, float]]
"""Per figure the amount in each window, by the second since the epoch at which the window begins."""


def summed(parts: Iterable[Windows]) -> dict[Figure, dict[float, float]]:
    """The windows of several partitions added up."""
    total: dict[Figure, dict[float, float]] = {figure: {} for figure in FIGURES}
    for part in parts:
        for figure, windows in part.items():
            for start, amount in windows.items():
                total[figure][start] = total[figure].get(start, 0) + amount
    return total


def said(windows: Windows, now: datetime) -> dict[str, Any]:
    """What `yeon:statistics` says: the last whole minute, and the last hour with the current minute."""
    current = now.timestamp() // WINDOW_SECONDS * WINDOW_SECONDS

    def over(figure: Figure, since: float, until: float) -> float:
        return sum(amount for start, amount in windows.get(figure, {}).items() if since <= start < until)

    def summary(since: float, until: float) -> dict[str, Any]:
        amounts = {figure: over(figure, since, until) for figure in FIGURES}
        closed = amounts["accepted"] + amounts["declined"] + amounts["expired"]
        return {
            "questions": int(amounts["asked"]),
            "secondsToMatch": _mean(amounts["match_seconds"], amounts["matched"]),
            "secondsToFirstAcceptance": _mean(amounts["answer_seconds"], amounts["answered"]),
            "acceptanceRate": _mean(amounts["accepted"], closed),
        }

    minutes = range(int(current) - KEPT_SECONDS + WINDOW_SECONDS, int(current) + 1, WINDOW_SECONDS)
    return {
        "at": now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "lastMinute": summary(current - WINDOW_SECONDS, current),
        "lastHour": summary(current - KEPT_SECONDS + WINDOW_SECONDS, current + WINDOW_SECONDS),
        "questionsPerMinute": [int(over("asked", start, start + WINDOW_SECONDS)) for start in minutes],
    }


def _mean(total: float, count: float) -> float | None:
    return round(total / count, 3) if count else None
