"""Numbers for everyone who is told something: `inboxSeq`, from 1 without gaps for each person, given in the append."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast
from uuid import UUID

from commands.arrays import Bigints, Uuids
from commands.sourced import Sourced
from commands.store import Rows
from schemas.events.question import Told

_ADVANCE = """
    INSERT INTO store.inbox_heads (user_id, inbox_seq)
    SELECT * FROM unnest(%(users)b::uuid[], %(counts)b::bigint[])
    ON CONFLICT (user_id) DO UPDATE SET inbox_seq = inbox_heads.inbox_seq + excluded.inbox_seq
    RETURNING user_id, inbox_seq
"""


def number_told(cursor: Rows, said: Sequence[Sourced.Event]) -> list[Sourced.Event]:
    """The events of a turn, with the inbox numbers of everyone told."""
    counts = Counter(told.user_id for event in said for told in _told(event))
    if not counts:
        return list(said)
    cursor.execute(
        _ADVANCE, {"users": Uuids(list(counts)), "counts": Bigints(list(counts.values()))}, prepare=True
    )
    heads: dict[UUID, int] = dict(cursor.fetchall())
    last = {user_id: heads[user_id] - count for user_id, count in counts.items()}
    return [numbered(event, last) for event in said]


def _told(event: Sourced.Event) -> tuple[Told, ...]:
    return getattr(event.data, "told", ())


def numbered(event: Sourced.Event, last: dict[UUID, int]) -> Sourced.Event:
    """The event with the numbers after `last` for everyone it tells; `last` is raised to them."""
    if not _told(event):
        return event
    told_all = []
    for told in _told(event):
        last[told.user_id] += 1
        told_all.append(told.model_copy(update={"inbox_seq": last[told.user_id]}))
    data = event.data.model_copy(update={"told": tuple(told_all)})
    return cast(Sourced.Event, replace(cast(Any, event), data=data))
