"""What is behind and does not move: a consumer that is behind may be busy, one that stands still is out of order. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

Place = tuple[str, str]
"""A consumer and a topic: in another one it may well get on."""


class Flow(NamedTuple):
    """The relay or a consumer in a topic: by partition where something is to be done, the position it has reached."""

    place: Place
    waiting: Mapping[str, int]


@dataclass(slots=True)
class Standing:
    """Remembers since when each stands where it is, partition by partition: one of several may stand alone."""

    _since: dict[tuple[Place, str], tuple[int, float]] = field(default_factory=dict)

    def look(self, flows: Iterable[Flow], now: float) -> Mapping[Place, float]:
        """For how many seconds each that is behind has stood still, in the partition where it has longest, as far as was
        looked; `now` only grows."""
        since: dict[tuple[Place, str], tuple[int, float]] = {}
        found: dict[Place, float] = {}
        for place, waiting in flows:
            for partition, done in waiting.items():
                before = self._since.get((place, partition))
                here = before if before is not None and before[0] == done else (done, now)
                since[place, partition] = here
                found[place] = max(now - here[1], found.get(place, 0.0))
        self._since = since
        return found


def longest(standing: Mapping[Place, float]) -> dict[str, float]:
    """By consumer, for how long it has stood in the topic in which it stood longest."""
    found: dict[str, float] = {}
    for (consumer, _), seconds in standing.items():
        found[consumer] = max(seconds, found.get(consumer, 0.0))
    return found
