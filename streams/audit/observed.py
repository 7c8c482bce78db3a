"""What came in from the topics, held against what the store says must have come. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from infra.log import Place

Partition = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Missing:
    """An event of the store that did not come, or another that came in its place.

    Only a suspicion: after a rebalance that nobody noticed, it came to another process.
    """

    place: Place
    detail: str

    @property
    def position(self) -> int:
        return self.place.position


@dataclass(slots=True)
class Observed:
    """The records of a process's partitions since it saw the first of each."""

    _seen: dict[Partition, dict[int, str]] = field(default_factory=dict)
    _since: dict[Partition, int] = field(default_factory=dict)
    """By partition: events up to this position are none of our business any more."""

    def see(self, at: Partition, position: int, event_id: str) -> None:
        """A record came in. One that was looked at before, and comes again, is passed over."""
        if position > self._since.setdefault(at, position - 1):
            self._seen.setdefault(at, {})[position] = event_id

    def keep(self, partitions: Collection[Partition]) -> None:
        """Forget all but `partitions`: others look after the rest now."""
        for at in [at for at in self._since if at not in partitions]:
            del self._since[at]
            self._seen.pop(at, None)

    def behind(self) -> int | None:
        """The position after which the store is to be asked; None while nothing came in."""
        return min(self._since.values(), default=None)

    def compare(self, places: Iterable[Place], upto: int) -> Missing | None:
        """The first of `places`, which must have come by now, that did not; all of them count as looked at."""
        first: Missing | None = None
        for place in places:
            at = (place.topic, place.partition)
            if first is not None or place.position <= self._since.get(at, place.position):
                continue
            came = self._seen.get(at, {}).get(place.position)
            if came != place.event_id:
                what = f"holds {came} instead of" if came else "lacks"
                first = Missing(place, f"{at[0]}/{at[1]} {what} event {place.event_id}")
        for at, since in self._since.items():
            self._since[at] = max(since, upto)
            seen = self._seen.get(at, {})
            self._seen[at] = {position: id_ for position, id_ in seen.items() if position > upto}
        return first
