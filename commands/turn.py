"""One turn of the writer: all waiting commands in one transaction, under one lock.

Lock, look up outcomes, refresh, decide each, number, append, store outcomes, commit. A turn that fails has changed
nothing, or (a connection lost at the commit) all; whoever asks again finds out from the outcomes.

Each exchange with the server lets go of the interpreter, and a busy event loop is slow to hand it back; so there are
few, and a pipeline (many small ones) costs more than it saves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from eventsourcing.domain import Snapshot
from psycopg import Cursor
from psycopg.rows import tuple_row

from commands import outcomes
from commands.cache import Cache
from commands.connection import WriterDatastore
from commands.desk import Desk
from commands.event_mapper import CatalogueMapper
from commands.handlers import HANDLING, Answer, meta_of
from commands.inbox import number_told
from commands.outcomes import Answered, CommandKey, number_of
from commands.reads import Reads
from commands.refusals import Conflict
from commands.rules import Rules
from commands.sourced import Sourced
from commands.store import EventRecorder
from infra.keys import Keyring
from infra.steps import Step, reached
from schemas.commands import Command
from schemas.envelope import Context, Event, Outcome
from schemas.personal import owners_of
from schemas.port import Refused
from schemas.topics import partition_of

SNAPSHOT_EVERY = 100
"""Versions of an aggregate between its snapshots."""


class Asked(NamedTuple):
    """A command that waits to be decided."""

    command: Command
    context: Context

    @property
    def key(self) -> CommandKey:
        """Whose it is, and its id."""
        return self.context.user_id, self.context.command_id


class HalfDecided(RuntimeError):
    """A handler raised after something was said. Its turn is given up; a fault of ours, not of the command."""


Decided = Outcome | Refused | Exception
"""What a command comes to: the last is a fault of a handler, which nothing is stored of."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A turn that is committed."""

    decided: list[Decided]
    """For each command, in their order."""
    appended: list[Event]
    """In the order of their positions."""


@dataclass
class _Batch:
    """What a turn is about to write."""

    head: int
    answers: list[Answered]
    keys: dict[UUID, bytes]
    appended: list[Event]


class Turns:
    """The turns of one writer. For one thread."""

    def __init__(self, datastore: WriterDatastore, rules: Rules) -> None:
        self._datastore = datastore
        self._recorder = EventRecorder(datastore)
        self._rules = rules
        self._keys = Keyring()
        self._cache = Cache()
        self._synced = 0

    def take(self, asked: Sequence[Asked]) -> Taken:
        """Decide all of `asked`. Raises whatever broke the transaction; then nothing is known, and nothing cached."""
        try:
            with (
                self._datastore.get_connection() as connection,
                connection.cursor(row_factory=tuple_row, binary=True) as cursor,
            ):
                self._recorder.begin(cursor)
                decided, batch = self._decide(cursor, asked)
                reached(Step.before_append)
                self._recorder.commit(cursor)
                reached(Step.after_append)
        except BaseException:
            self._cache.clear()
            self._synced = 0
            self._datastore.reset()
            raise
        self._keys.keep(batch.keys)
        self._synced = batch.head
        return Taken(decided, batch.appended)

    def close(self) -> None:
        """Leave the server."""
        self._datastore.reset()

    def _decide(self, cursor: Cursor[Any], asked: Sequence[Asked]) -> tuple[list[Decided], _Batch]:
        numbers = [number_of(one.key) for one in asked]
        keys = {number: one.key for number, one in zip(numbers, asked, strict=True)}
        head, known_before = outcomes.look_up(cursor, list(keys.values()))
        stored = {number_of(row.key): row for row in known_before}
        reads = Reads(cursor, self._recorder, self._cache, self._keys)
        if head != self._synced:
            reads.refresh(self._synced, head)
        desk = Desk(reads, self._rules)
        new = [one for number, one in zip(numbers, asked, strict=True) if number not in stored]
        desk.fetch(list({id_.int: id_ for one in new for id_ in _needs(one)}.values()))
        sealed = [row.user_id for row in stored.values() if outcomes.is_sealed(row)]
        self._keys.read_now(cursor.connection, sealed)

        answers: dict[int, Answered] = {}
        decided: list[Decided] = []
        for number, one in zip(numbers, asked, strict=True):
            if row := stored.get(number):
                decided.append(_again(one, row.name, outcomes.from_row(row, self._keys.of)))
            elif known := answers.get(number):
                decided.append(_again(one, known.name, known.answer))
            else:
                answer = self._answer(desk, one, head)
                if isinstance(answer, Answered):
                    answers[number] = answer
                decided.append(answer.answer if isinstance(answer, Answered) else answer)
        batch = _Batch(head + len(desk.said), list(answers.values()), {}, [])
        if answers:
            self._write(cursor, desk, batch)
        return decided, batch

    def _answer(self, desk: Desk, one: Asked, head: int) -> Answered | Exception:
        desk.begin()
        name = one.command.NAME
        try:
            answer = HANDLING[type(one.command)].decide(desk, one.command, meta_of(one.context))
        except psycopg.Error:
            raise
        except Exception as error:
            if not desk.quiet:
                raise HalfDecided(f"{name} failed after it had said something") from error
            if isinstance(error, Refused) and HANDLING[type(one.command)].refusal_stands:
                return Answered(one.key, name, error)
            return error
        events = desk.gather()
        return Answered(one.key, name, _outcome(answer, events, head + len(desk.said)), answer.personal)

    def _write(self, cursor: Cursor[Any], desk: Desk, batch: _Batch) -> None:
        said = number_told(cursor, desk.said)
        owners = {owner for event in said for owner in owners_of(event.data)}
        owners |= {answered.key[0] for answered in batch.answers if answered.personal}
        snapshots = self._due(desk, said)
        owners |= {owner for one in snapshots for owner in owners_of(one.state["_state"])}
        batch.keys = self._keys.make(cursor.connection, owners)
        mapper = CatalogueMapper(batch.keys.get)
        if said:
            self._recorder.append(cursor, [mapper.to_stored_event(event) for event in said])
        if snapshots:
            self._recorder.keep_snapshots(cursor, [mapper.to_stored_event(one) for one in snapshots])
        key_of = batch.keys.__getitem__
        rows = [outcomes.to_row(answered, key_of) for answered in batch.answers]
        outcomes.insert(cursor, rows)
        self._cache.put(desk.changed)
        batch.appended = [
            Event(position, one.originator_id, one.originator_version, one.data, one.meta)
            for position, one in enumerate(said, batch.head - len(said) + 1)
        ]

    def _due(self, desk: Desk, said: Sequence[Sourced.Event]) -> list[Snapshot]:
        crossed = {event.originator_id for event in said if event.originator_version % SNAPSHOT_EVERY == 0}
        return [Snapshot.take(one) for one in desk.changed if one.id in crossed]


def _needs(one: Asked) -> tuple[UUID, ...]:
    return HANDLING[type(one.command)].needs(one.command, one.context.user_id)


def _outcome(answer: Answer, events: Sequence[Sourced.Event], position: int) -> Outcome:
    if not events:
        return Outcome(0, "", 0, answer.result)
    data = events[-1].data
    return Outcome(position, data.TOPIC, partition_of(data.TOPIC, data.partition_key), answer.result)


def _again(one: Asked, name: str, answer: Outcome | Refused) -> Outcome | Refused:
    if name != one.command.NAME:
        return Conflict("this command id was used for something else", field="commandId")
    return replace(answer) if isinstance(answer, Outcome) else answer
