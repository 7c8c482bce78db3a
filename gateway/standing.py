"""What is behind and does not move: a consumer that is behind may be busy, one that stands still is out of order. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Flow(NamedTuple):
    """How far the relay or a consumer is, and by how much it is behind; in positions of the log."""

    name: str
    done: int
    behind: int


@dataclass(slots=True)
class Standing:
    """Remembers when each was last seen to move."""

    _moved: dict[str, tuple[int, float]] = field(default_factory=dict)

    def look(self, flows: Iterable[Flow], now: float) -> Mapping[str, float]:
        """For how many seconds each that is behind has stood still, as far as was looked; `now` only grows."""
        found: dict[str, float] = {}
        for name, done, behind in flows:
            before = self._moved.get(name)
            if behind <= 0 or before is None or before[0] != done:
                before = self._moved[name] = (done, now)
            if behind > 0:
                found[name] = now - before[1]
        return found
