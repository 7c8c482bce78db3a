"""What is behind and does not move: a consumer that is behind may be busy, one that stands still is out of order. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

Place = tuple[str, str]
"""A consumer and a topic: in another one it may well get on."""


class Flow(NamedTuple):
    """How far the relay or a consumer is in a topic, and by how much it is behind; in positions of the log."""

    place: Place
    done: int
    behind: int


@dataclass(slots=True)
class Standing:
    """Remembers when each was last seen to move."""

    _moved: dict[Place, tuple[int, float]] = field(default_factory=dict)

    def look(self, flows: Iterable[Flow], now: float) -> Mapping[Place, float]:
        """For how many seconds each that is behind has stood still, as far as was looked; `now` only grows."""
        found: dict[Place, float] = {}
        for place, done, behind in flows:
            before = self._moved.get(place)
            if behind <= 0 or before is None or before[0] != done:
                before = self._moved[place] = (done, now)
            if behind > 0:
                found[place] = now - before[1]
        return found


def longest(standing: Mapping[Place, float]) -> dict[str, float]:
    """By consumer, for how long it has stood in the topic in which it stood longest."""
    found: dict[str, float] = {}
    for (consumer, _), seconds in standing.items():
        found[consumer] = max(seconds, found.get(consumer, 0.0))
    return found
