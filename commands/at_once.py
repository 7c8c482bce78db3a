"""A turn in one exchange with the server: decided from what is cached, before anything is asked, then appended by one
function of the store, under the lock, unless another writer was there meanwhile or a command was decided before.

Only for commands that need nothing but aggregates, which nearly all commands are: messages and read marks.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from commands.arrays import Uuids
from commands.cache import Cache
from commands.outcomes import CommandKey, StoredOutcome
from commands.outcomes import columns as outcome_columns
from commands.sourced import Sourced
from commands.store import APPEND_LOCK, Rows
from commands.store import columns as event_columns
from infra.log import CHANNEL
from schemas.base import EventData
from schemas.commands import Command
from schemas.commands.room import MarkRead, PostMessage

POSSIBLE: frozenset[type[Command]] = frozenset({PostMessage, MarkRead})
"""The commands that tell nobody's inbox, begin no conversation and read nothing old."""

_APPEND = """
    SELECT store.append_turn(
        %(lock)b, %(channel)b, %(head)b, %(asked_users)b::uuid[], %(asked_commands)b::uuid[],
        %(ids)b::uuid[], %(versions)b::bigint[], %(topics)b::text[], %(states)b::bytea[],
        %(users)b::uuid[], %(commands)b::uuid[], %(names)b::text[], %(positions)b::bigint[], %(answers)b::bytea[]
    )
"""


class NotAtOnce(Exception):
    """Something of this turn has to be asked of the server before it can be decided."""


class Remembered:
    """The `Source` of a desk that has nothing but the cache."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def load(self, ids: Sequence[UUID]) -> Mapping[UUID, Sourced]:
        found = self._cache.take(ids)
        if len(found) < len(ids):
            raise NotAtOnce
        return found

    def event(self, stream_id: UUID, version: int) -> EventData | None:
        raise NotAtOnce

    def claim(self, user_id: UUID, username: str, email: str, password_hash: str, at: datetime) -> str | None:
        raise NotAtOnce

    def change_email(self, user_id: UUID, email: str) -> bool:
        raise NotAtOnce

    def erase(self, user_id: UUID, at: datetime) -> None:
        raise NotAtOnce


def append(
    cursor: Rows,
    head: int,
    asked: Sequence[CommandKey],
    events: Sequence[StoredEvent],
    outcomes: Sequence[StoredOutcome],
) -> bool:
    """Append and commit, if `head` is the last position still and none of `asked` has an outcome; else do nothing."""
    parameters: dict[str, Any] = {
        "lock": APPEND_LOCK,
        "channel": CHANNEL,
        "head": head,
        "asked_users": Uuids([key[0] for key in asked]),
        "asked_commands": Uuids([key[1] for key in asked]),
        **event_columns(events),
        **outcome_columns(outcomes),
    }
    cursor.execute(_APPEND, parameters, prepare=True)
    row = cursor.fetchone()
    return bool(row and row[0])
