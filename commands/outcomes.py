"""The stored answers to commands, refusals included: the same command again gets the same answer.

An answer that repeats a person's words is sealed with the key of who sent the command, like the words themselves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from commands.arrays import Bigints, Byteas, Column, Texts, Uuids
from commands.store import Rows
from schemas.envelope import Outcome
from schemas.mapper import box, unbox
from schemas.port import Refused

CommandKey = tuple[UUID, UUID]
"""Who sent it, and its id."""

_SELECT = """
    SELECT head.position, o.user_id, o.command_id, o.name, o.position, o.answer
    FROM store.log_head head
    LEFT JOIN LATERAL (
        SELECT o.* FROM unnest(%(users)b::uuid[], %(commands)b::uuid[]) AS wanted (user_id, command_id)
        CROSS JOIN LATERAL (
            SELECT * FROM store.command_outcomes o
            WHERE o.user_id = wanted.user_id AND o.command_id = wanted.command_id OFFSET 0
        ) o
    ) o ON true
"""
_INSERT = """
    INSERT INTO store.command_outcomes (user_id, command_id, name, position, answer)
    SELECT * FROM unnest(
        %(users)b::uuid[], %(commands)b::uuid[], %(names)b::text[], %(positions)b::bigint[], %(answers)b::bytea[]
    )
"""


def number_of(key: CommandKey) -> int:
    """One number for a key, which is quicker to look up than two UUIDs."""
    return key[0].int << 128 | key[1].int


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of one command: an outcome or a refusal."""

    key: CommandKey
    name: str
    answer: Outcome | Refused
    personal: bool = False
    """Whether the result repeats words of the sender's or of others."""


@dataclass(frozen=True, slots=True)
class StoredOutcome:
    """A row of `store.command_outcomes`."""

    user_id: UUID
    command_id: UUID
    name: str
    position: int
    answer: bytes

    @property
    def key(self) -> CommandKey:
        """Whose it is."""
        return self.user_id, self.command_id


def look_up(cursor: Rows, keys: Sequence[CommandKey]) -> tuple[int, list[StoredOutcome]]:
    """The last position in the log, and the outcomes of those commands that were decided before."""
    users, commands = Uuids([key[0] for key in keys]), Uuids([key[1] for key in keys])
    cursor.execute(_SELECT, {"users": users, "commands": commands}, prepare=True)
    rows = cursor.fetchall()
    return rows[0][0], [StoredOutcome(*row[1:]) for row in rows if row[1] is not None]


def insert(cursor: Rows, outcomes: Sequence[StoredOutcome]) -> None:
    """Store new outcomes."""
    cursor.execute(_INSERT, columns(outcomes), prepare=True)


def columns(outcomes: Sequence[StoredOutcome]) -> dict[str, Column]:
    """The parameters `users`, `commands`, `names`, `positions` and `answers`."""
    return {
        "users": Uuids([outcome.user_id for outcome in outcomes]),
        "commands": Uuids([outcome.command_id for outcome in outcomes]),
        "names": Texts([outcome.name for outcome in outcomes]),
        "positions": Bigints([outcome.position for outcome in outcomes]),
        "answers": Byteas([outcome.answer for outcome in outcomes]),
    }


def to_row(answered: Answered, key_of: Callable[[UUID], bytes]) -> StoredOutcome:
    """The row of an answer."""
    user_id, command_id = answered.key
    answer = answered.answer
    if isinstance(answer, Refused):
        said = {"code": answer.code, "message": answer.message, "field": answer.field}
        return StoredOutcome(user_id, command_id, answered.name, 0, orjson.dumps({"refused": said}))
    place: dict[str, Any] = {"topic": answer.topic, "partition": answer.partition}
    if answered.personal:
        place["sealed"] = box(key_of(user_id), orjson.dumps(answer.result), _bound(answered.key))
    else:
        place["result"] = answer.result
    return StoredOutcome(user_id, command_id, answered.name, answer.position, orjson.dumps(place))


def from_row(row: StoredOutcome, key_of: Callable[[UUID], bytes | None]) -> Outcome | Refused:
    """The answer of a row. Without the sender's key a sealed result is empty."""
    said = orjson.loads(row.answer)
    if refused := said.get("refused"):
        return Refused(refused["message"], code=refused["code"], field=refused["field"])
    result = said.get("result", {})
    if "sealed" in said and (key := key_of(row.user_id)) is not None:
        result = orjson.loads(unbox(key, said["sealed"], _bound(row.key)))
    return Outcome(row.position, said["topic"], said["partition"], result)


def is_sealed(row: StoredOutcome) -> bool:
    """Whether the sender's key is needed to read it."""
    return b'"sealed"' in row.answer


def _bound(key: CommandKey) -> bytes:
    return b"outcome" + key[0].bytes + key[1].bytes
