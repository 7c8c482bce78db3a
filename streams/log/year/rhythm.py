"""When questions come: by hour, weekday and season in Seoul, with growth over the year and bursts. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import accumulate
from random import Random

SEOUL = timezone(timedelta(hours=9))
HOURS = (6, 3, 2, 1, 1, 2, 5, 12, 24, 38, 46, 44, 34, 42, 47, 46, 43, 38, 33, 36, 44, 46, 36, 18)
"""Weight of each hour of the day."""
WEEKDAYS = (1.12, 1.15, 1.1, 1.08, 0.98, 0.72, 0.8)
"""Weight of each day of the week, from Monday."""
GROWTH = 1.8
"""How many times as many questions come on the last day as on the first."""
BURSTS_A_YEAR = 9
BURST_WEIGHT = 5.0
"""During a burst, of one to five hours, so many times as many come, and nearly all about one thing."""


def arrivals(start: datetime, days: int, count: int, random: Random) -> Iterator[tuple[datetime, int | None]]:
    """`count` moments within `days` from `start`, in order; with each the number of the burst it is of, if any."""
    hours = days * 24
    bursts = _bursts(hours, random)
    weights = [_weight(start + timedelta(hours=n), n / hours) for n in range(hours)]
    weights = [w * (BURST_WEIGHT if n in bursts else 1.0) for n, w in enumerate(weights)]
    chosen = random.choices(range(hours), cum_weights=list(accumulate(weights)), k=count)
    moments = sorted((hour, random.random()) for hour in chosen)
    for hour, within in moments:
        yield start + timedelta(hours=hour, microseconds=round(within * 3_600_000_000)), bursts.get(hour)


def _bursts(hours: int, random: Random) -> dict[int, int]:
    found: dict[int, int] = {}
    for number in range(max(1, round(BURSTS_A_YEAR * hours / 8_760))):
        begins = random.randrange(hours)
        for hour in range(begins, min(hours, begins + random.randint(1, 5))):
            found[hour] = number
    return found


def _weight(at: datetime, through: float) -> float:
    local = at.astimezone(SEOUL)
    return HOURS[local.hour] * WEEKDAYS[local.weekday()] * (1 + (GROWTH - 1) * through)


def awake(at: datetime) -> float:
    """How likely someone looks at their telephone, from 0 to 1."""
    return min(1.0, 0.15 + HOURS[at.astimezone(SEOUL).hour] / 47)
