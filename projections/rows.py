"""What projectors return: operations on rows, folded to few per row, and pushes to those who watch.

Folding is pure and changes nothing: the folded layers, applied one after the other, give the rows that the
operations give one by one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from uuid import UUID

Key = tuple[Any, ...]
"""The values of a table's key columns, in their order."""


@dataclass(frozen=True, slots=True)
class Upsert:
    """Make the row if there is none (other columns get their defaults), and set these columns."""

    table: str
    key: Key
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Update:
    """Set these columns if there is such a row."""

    table: str
    key: Key
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Delete:
    """Take the row away if there is one."""

    table: str
    key: Key


@dataclass(frozen=True, slots=True)
class Add:
    """Make the row if there is none, add `sums` and raise to `greatest`: in whatever order, the same result."""

    table: str
    key: Key
    sums: Mapping[str, Any]
    greatest: Mapping[str, Any] = field(default_factory=dict)


RowOp = Upsert | Update | Delete | Add
Layer = dict[tuple[str, Key], RowOp]
"""At most one operation per row."""


@dataclass(frozen=True, slots=True)
class Push:
    """A whole wire frame for everyone in a room or for one person; `seq` is 0 for a frame without one."""

    kind: Literal["room", "user"]
    id: UUID
    seq: int
    frame: dict[str, Any]
    early: bool = False
    """It says all there is to know, so that whoever appends the event pushes it then, before any view has it."""
    traceparent: str = ""
    """Of the request that led to it, if that was traced."""


def traced(pushes: Sequence[Push], traceparent: str) -> Sequence[Push]:
    """`pushes` of an event, with its trace."""
    return [replace(push, traceparent=traceparent) for push in pushes] if traceparent else pushes


def no_pushes() -> Sequence[Push]:
    """Of an event that nobody is to hear of."""
    return ()


@dataclass(frozen=True, slots=True)
class Projected:
    """What one event comes to in one view. Pushes are made when asked for: a rebuild never asks."""

    ops: Sequence[RowOp] = ()
    push: Callable[[], Sequence[Push]] = no_pushes

    @property
    def pushes(self) -> Sequence[Push]:
        return self.push()


NOTHING = Projected()


def combine(first: RowOp, then: RowOp) -> RowOp | None:
    """The one operation that does what `first` and `then` do to the same row; None if there is no such one."""
    match first, then:
        case _, Delete():
            return then
        case Upsert(), Upsert() | Update():
            return Upsert(first.table, first.key, {**first.values, **then.values})
        case Update(), Update():
            return Update(first.table, first.key, {**first.values, **then.values})
        case Update(), Upsert() if first.values.keys() <= then.values.keys():
            return then
        case Delete(), Update():
            return first
        case Add(), Upsert() if first.sums.keys() | first.greatest.keys() <= then.values.keys():
            return then
        case Add(), Add():
            return Add(
                first.table,
                first.key,
                {
                    name: first.sums.get(name, 0) + then.sums.get(name, 0)
                    for name in {**first.sums, **then.sums}
                },
                {
                    **first.greatest,
                    **{n: _higher(first.greatest.get(n), v) for n, v in then.greatest.items()},
                },
            )
    return None


def _higher(one: Any, other: Any) -> Any:
    return other if one is None or other > one else one


def fold(ops: Iterable[RowOp]) -> list[Layer]:
    """`ops` as few layers, nearly always one, to be applied in their order."""
    layers: list[Layer] = [{}]
    depth: dict[tuple[str, Key], int] = {}
    for op in ops:
        row = (op.table, op.key)
        at = depth.get(row)
        if at is None:
            depth[row] = 0
            layers[0][row] = op
            continue
        both = combine(layers[at][row], op)
        if both is not None:
            layers[at][row] = both
            continue
        depth[row] = at + 1
        if len(layers) == at + 1:
            layers.append({})
        layers[at + 1][row] = op
    return layers
