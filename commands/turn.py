"""One turn of the writer: all waiting commands in one transaction, under one lock.

Lock, look up outcomes, refresh, decide each, number, append, store outcomes, commit; where that can do, all of it in
one exchange (`commands.at_once`). A turn that fails has changed nothing, or (a connection lost at the commit) all;
whoever asks again finds out from the outcomes.

Each exchange with the server lets go of the interpreter, and a busy event loop is slow to hand it back; so there are
few, and a pipeline (many small ones) costs more than it saves.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from eventsourcing.domain import Snapshot
from eventsourcing.persistence import StoredEvent
from psycopg import Cursor
from psycopg.rows import tuple_row

from commands import at_once, outcomes
from commands.at_once import NotAtOnce, Remembered
from commands.cache import Cache
from commands.connection import WriterDatastore
from commands.decision import Asked, Decided, Decisions, Known, decide
from commands.desk import Desk
from commands.event_mapper import CatalogueMapper
from commands.inbox import number_told
from commands.outcomes import Answered, StoredOutcome, number_of
from commands.reads import Reads
from commands.rules import Rules
from commands.sourced import Sourced
from commands.store import EventRecorder
from infra.keys import Keyring
from infra.steps import Step, reached
from schemas.envelope import Event
from schemas.personal import owners_of

SNAPSHOT_EVERY = 100
"""Versions of an aggregate between its snapshots."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A turn that is committed."""

    decided: list[Decided]
    """For each command, in their order."""
    appended: list[Event]
    """In the order of their positions."""


class Turns:
    """The turns of one writer. For one thread."""

    def __init__(self, datastore: WriterDatastore, rules: Rules) -> None:
        self._datastore = datastore
        self._recorder = EventRecorder(datastore)
        self._rules = rules
        self._keys = Keyring()
        self._cache = Cache()
        self._synced = 0
        self._alone = False
        """Whether nobody else appended between our last turns."""

    def take(self, asked: Sequence[Asked]) -> Taken:
        """Decide all of `asked`. Raises whatever broke the transaction; then nothing is known, and nothing cached."""
        try:
            possible = self._alone and all(type(one.command) in at_once.POSSIBLE for one in asked)
            return (self._at_once(asked) if possible else None) or self._step_by_step(asked)
        except BaseException:
            self._cache.clear()
            self._synced = 0
            self._alone = False
            self._datastore.reset()
            raise

    def close(self) -> None:
        """Leave the server."""
        self._datastore.reset()

    def _at_once(self, asked: Sequence[Asked]) -> Taken | None:
        """None, with nothing appended, if that cannot do."""
        desk = Desk(Remembered(self._cache), self._rules)
        try:
            decisions = decide(desk, asked, {}, self._synced)
            snapshots = self._due(desk)
            keys = self._keys.held(_owners(desk.said, decisions.answers, snapshots))
        except NotAtOnce:
            keys = None
        if keys is None:
            self._cache.drop(desk.changed)
            return None
        mapper = CatalogueMapper(keys.get)
        reached(Step.before_append)
        with self._cursor() as cursor:
            self._alone = at_once.append(
                cursor,
                self._synced,
                [one.key for one in asked],
                _stored(mapper, desk.said),
                _rows(decisions.answers, keys),
            )
            if not self._alone:
                self._cache.drop(desk.changed)
                return None
            reached(Step.after_append)
            if snapshots:
                self._recorder.keep_snapshots(cursor, _stored(mapper, snapshots))
        return self._taken(decisions, desk.said, self._synced)

    def _step_by_step(self, asked: Sequence[Asked]) -> Taken:
        with self._cursor() as cursor:
            self._recorder.begin(cursor)
            head, known = self._look_up(cursor, asked)
            self._alone = head == self._synced
            reads = Reads(cursor, self._recorder, self._cache, self._keys)
            if not self._alone:
                reads.refresh(self._synced, head)
            desk = Desk(reads, self._rules)
            decisions = decide(desk, asked, known, head)
            said, keys = self._write(cursor, desk, decisions.answers)
            reached(Step.before_append)
            self._recorder.commit(cursor)
            reached(Step.after_append)
        self._keys.keep(keys)
        return self._taken(decisions, said, head)

    def _look_up(self, cursor: Cursor[Any], asked: Sequence[Asked]) -> tuple[int, dict[int, Known]]:
        keys = {number_of(one.key): one.key for one in asked}
        head, rows = outcomes.look_up(cursor, list(keys.values()))
        self._keys.read_now(cursor.connection, [row.user_id for row in rows if outcomes.is_sealed(row)])
        return head, {
            number_of(row.key): Known(row.name, outcomes.from_row(row, self._keys.of)) for row in rows
        }

    def _write(
        self, cursor: Cursor[Any], desk: Desk, answers: Sequence[Answered]
    ) -> tuple[Sequence[Sourced.Event], dict[UUID, bytes]]:
        """The events as they are stored, with all their numbers, and the keys they were sealed with."""
        if not answers:
            return (), {}
        said = number_told(cursor, desk.said)
        snapshots = self._due(desk)
        keys = self._keys.make(cursor.connection, _owners(said, answers, snapshots))
        mapper = CatalogueMapper(keys.get)
        if said:
            self._recorder.append(cursor, _stored(mapper, said))
        if snapshots:
            self._recorder.keep_snapshots(cursor, _stored(mapper, snapshots))
        outcomes.insert(cursor, _rows(answers, keys))
        self._cache.put(desk.changed)
        return said, keys

    def _taken(self, decisions: Decisions, said: Sequence[Sourced.Event], head: int) -> Taken:
        self._synced = head + len(said)
        appended = [
            Event(position, one.originator_id, one.originator_version, one.data, one.meta)
            for position, one in enumerate(said, head + 1)
        ]
        return Taken(decisions.decided, appended)

    def _due(self, desk: Desk) -> list[Snapshot]:
        crossed = {one.originator_id for one in desk.said if one.originator_version % SNAPSHOT_EVERY == 0}
        return [Snapshot.take(one) for one in desk.changed if one.id in crossed]

    @contextmanager
    def _cursor(self) -> Iterator[Cursor[Any]]:
        with (
            self._datastore.get_connection() as connection,
            connection.cursor(row_factory=tuple_row, binary=True) as cursor,
        ):
            yield cursor


def _owners(
    said: Sequence[Sourced.Event], answers: Sequence[Answered], snapshots: Sequence[Snapshot]
) -> set[UUID]:
    """Everyone whose words are to be sealed."""
    owners = {owner for event in said for owner in owners_of(event.data)}
    owners |= {answered.key[0] for answered in answers if answered.personal}
    return owners | {owner for one in snapshots for owner in owners_of(one.state["_state"])}


def _stored(mapper: CatalogueMapper, said: Sequence[Sourced.Event | Snapshot]) -> list[StoredEvent]:
    return [mapper.to_stored_event(one) for one in said]


def _rows(answers: Sequence[Answered], keys: dict[UUID, bytes]) -> list[StoredOutcome]:
    return [outcomes.to_row(answered, keys.__getitem__) for answered in answers]
