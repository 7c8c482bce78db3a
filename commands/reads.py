"""What a turn reads inside its transaction: aggregates (cached, refreshed, or made from their events) and credentials."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from commands import claims
from commands.cache import Cache
from commands.event_mapper import CatalogueMapper
from commands.sourced import Sourced
from commands.store import EventRecorder, Rows
from infra.keys import Keyring
from schemas.base import EventData
from schemas.mapper import owners_in

WORTH_READING = 5_000
"""If other writers appended more events than this meanwhile, the cache is emptied rather than refreshed."""


class Reads:
    """The `Source` of a desk, over one transaction."""

    def __init__(self, cursor: Rows, recorder: EventRecorder, cache: Cache, keys: Keyring) -> None:
        self._cursor = cursor
        self._recorder = recorder
        self._cache = cache
        self._keys = keys
        self._mapper = CatalogueMapper(keys.of)

    def refresh(self, after: int, upto: int) -> None:
        """Bring the cached aggregates up to what other writers appended, in one query."""
        if upto - after > WORTH_READING:
            self._cache.clear()
        if not self._cache:
            return
        stored = self._recorder.since(self._cursor, after, upto)
        self._mutate(dict(self._cache.take([_id(one) for one in stored])), stored)

    def load(self, ids: Sequence[UUID]) -> Mapping[UUID, Sourced]:
        found = self._cache.take(ids)
        if missing := [id_ for id_ in ids if id_ not in found]:
            made: dict[UUID, Sourced] = {}
            self._mutate(made, self._recorder.streams(self._cursor, missing), new=True)
            self._cache.put(made.values())
            found |= made
        return found

    def event(self, stream_id: UUID, version: int) -> EventData | None:
        stored = self._recorder.one(self._cursor, stream_id, version)
        if stored is None:
            return None
        self._read_keys([stored])
        return cast(Sourced.Event, self._mapper.to_domain_event(stored)).data

    def claim(self, user_id: UUID, username: str, email: str, password_hash: str, at: datetime) -> str | None:
        return claims.claim(self._cursor, user_id, username, email, password_hash, at)

    def change_email(self, user_id: UUID, email: str) -> bool:
        return claims.change_email(self._cursor, user_id, email)

    def erase(self, user_id: UUID, at: datetime) -> None:
        claims.erase(self._cursor, user_id, at)
        self._keys.forget(user_id)

    def _mutate(
        self, aggregates: dict[UUID, Sourced], stored: Sequence[StoredEvent], *, new: bool = False
    ) -> None:
        wanted = [one for one in stored if new or _id(one) in aggregates]
        self._read_keys(wanted)
        for one in wanted:
            domain_event = self._mapper.to_domain_event(one)
            aggregates[_id(one)] = domain_event.mutate(aggregates.get(_id(one)))  # type: ignore[attr-defined]

    def _read_keys(self, stored: Sequence[StoredEvent]) -> None:
        if stored:
            self._keys.read_now(self._cursor.connection, owners_in(one.state for one in stored))


def _id(stored: StoredEvent) -> UUID:
    return cast(UUID, stored.originator_id)
