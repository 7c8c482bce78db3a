"""The aggregates a writer keeps between turns, at the versions they have in the store."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from uuid import UUID

from commands.sourced import Sourced

CAPACITY = 20_000
"""Aggregates held at once."""


class Cache:
    """The aggregates used last."""

    def __init__(self) -> None:
        self._held: OrderedDict[UUID, Sourced] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def take(self, ids: Sequence[UUID]) -> dict[UUID, Sourced]:
        """Those of `ids` that are here."""
        found = {}
        for id_ in ids:
            aggregate = self._held.get(id_)
            if aggregate is not None:
                self._held.move_to_end(id_)
                found[id_] = aggregate
        return found

    def put(self, aggregates: Iterable[Sourced]) -> None:
        """Keep these; those unused for longest leave."""
        for aggregate in aggregates:
            self._held[aggregate.id] = aggregate
        while len(self._held) > CAPACITY:
            self._held.popitem(last=False)

    def drop(self, aggregates: Iterable[Sourced]) -> None:
        """Forget these, which may not be as they are in the store."""
        for aggregate in aggregates:
            self._held.pop(aggregate.id, None)

    def clear(self) -> None:
        """Forget all."""
        self._held.clear()
