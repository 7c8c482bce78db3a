"""What a view makes of a run of events, and of those that it cannot take.

An event whose projector raises, or whose rows PostgreSQL refuses, is parked for that view, and every later event of
its key behind it; all others go on. What is wrong with the database itself is raised, since it is no event's fault.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from psycopg import AsyncConnection

from projections.catalogue import View
from projections.rows import Push, RowOp, traced
from projections.writing import Statement, write
from schemas.envelope import Event
from schemas.events.unreadable import Unreadable

EVENT_FAULTS = (psycopg.DataError, psycopg.IntegrityError, TypeError, ValueError)
"""What writing an event's rows raises when the event is to blame."""


@dataclass(frozen=True, slots=True)
class Parked:
    """An event that a view could not take, or that waits behind one of the same key."""

    consumer: str
    key: UUID
    position: int
    topic: str
    partition: int
    reason: str


@dataclass(frozen=True, slots=True)
class Change:
    """What one event changes in a view, and what is said of it."""

    event: Event
    ops: Sequence[RowOp]
    pushes: Sequence[Push]


@dataclass(slots=True)
class Taken:
    """What one view makes of events, in their order."""

    view: View
    changes: list[Change] = field(default_factory=list)
    parked: list[Parked] = field(default_factory=list)

    @property
    def pushes(self) -> list[Push]:
        return [push for change in self.changes for push in change.pushes]


def park(view: View, event: Event, reason: str) -> Parked:
    """The note that `view` could not take `event`."""
    return Parked(
        view.consumer, event.data.partition_key, event.position, event.topic, event.partition, reason
    )


def take(view: View, events: Iterable[Event], held: set[UUID], *, pushing: bool = True) -> Taken:
    """Projects `events`. `held` are the keys with parked events; it grows with those that are parked now."""
    taken = Taken(view)
    for event in events:
        # What cannot be read may mean something to the view.
        if type(event.data) not in view.types and not isinstance(event.data, Unreadable):
            continue
        if held and event.data.partition_key in held:
            taken.parked.append(park(view, event, "behind an earlier event of its key"))
            continue
        if isinstance(event.data, Unreadable):
            held.add(event.data.key)
            taken.parked.append(park(view, event, event.data.reason))
            continue
        try:
            projected = view.project(event)
            pushes = traced(projected.pushes, event.meta.traceparent) if pushing else ()
            change = Change(event, projected.ops, pushes)
        except Exception as error:  # whatever a projector raises is about this event, and is kept with it
            held.add(event.data.partition_key)
            taken.parked.append(park(view, event, _reason(error)))
            continue
        taken.changes.append(change)
    return taken


async def write_together(
    connection: AsyncConnection[Any],
    schema: str,
    all_taken: Sequence[Taken],
    besides: Sequence[Statement] = (),
) -> None:
    """Writes everything, and `besides`, in one go. Raises one of `EVENT_FAULTS` if a row is refused."""
    ops = (op for taken in all_taken for change in taken.changes for op in change.ops)
    await write(connection, schema, ops, besides)


async def write_apart(connection: AsyncConnection[Any], schema: str, all_taken: Sequence[Taken]) -> None:
    """Writes event by event, and parks those that are refused and what is behind them, in `all_taken` itself."""
    for taken in all_taken:
        held: set[UUID] = set()
        written = []
        for change in taken.changes:
            event = change.event
            if event.data.partition_key in held:
                taken.parked.append(park(taken.view, event, "behind an earlier event of its key"))
                continue
            try:
                async with connection.transaction():
                    await write(connection, schema, change.ops)
            except EVENT_FAULTS as error:
                held.add(event.data.partition_key)
                taken.parked.append(park(taken.view, event, _reason(error)))
            else:
                written.append(change)
        taken.changes = written


def _reason(error: Exception) -> str:
    # Only the first line of PostgreSQL's: further ones hold the row, with a person's words, which nobody would forget here.
    told = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    said = told or str(error)
    return f"{type(error).__name__}: {said}".replace("\x00", "\\0")[:1_000]
