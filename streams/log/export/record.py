"""One event as it is exported: what surrounds it in columns, its data without personal words, and those sealed apart.

Pure. The same event gives the same columns, whether it was read from the store or from Kafka.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from pydantic.alias_generators import to_camel

from infra.log import Row
from schemas.events import CATALOGUE
from schemas.events.unreadable import FAMILIES, family_of
from schemas.personal import take_out
from schemas.topics import TOPICS

_KEY_FIELDS = {name: to_camel(topic.key.replace(" ", "_")) for name, topic in TOPICS.items()}
_SPOILT = (ValueError, KeyError, TypeError, AttributeError)


class Record(NamedTuple):
    """The columns of `events`. Of an event whose bytes are spoilt only the place is known."""

    position: int
    time: str | None
    topic: str
    type: str
    aggregate: str
    version: int
    key: str
    question: str | None
    actor: str | None
    command: str | None
    correlation: str | None
    causation: str | None
    traceparent: str | None
    data: str | None
    """JSON with sorted names, without personal words."""


class Sealed(NamedTuple):
    """The columns of `sealed`: one person's words in one event, sealed with that person's key."""

    position: int
    person: str
    box: str


def of_store(row: Row) -> tuple[Record, list[Sealed]]:
    """A row of the store. The boxes are copied as they are: nothing is unsealed for an export."""
    position, stream, version, type_name, state = row
    topic, aggregate = FAMILIES[family_of(type_name)], str(stream)
    try:
        stored = orjson.loads(state)
        data: dict[str, Any] = stored["data"]
        surrounding = (
            stored["actor"],
            stored["command"],
            stored["correlation"],
            stored["causation"],
            stored["trace"],
        )
        key = data.get(_KEY_FIELDS[topic], aggregate)
        record = Record(
            position,
            stored["at"],
            topic,
            type_name,
            aggregate,
            version,
            key,
            data.get("questionId"),
            *surrounding,
            _text(data),
        )
        sealed = [Sealed(position, person, box) for person, box in sorted(stored["sealed"].items())]
    except _SPOILT:
        nothing = (None,) * 7
        return Record(position, None, topic, type_name, aggregate, version, aggregate, *nothing), []
    return record, sealed


def of_kafka(topic: str, key: bytes, value: bytes, headers: Iterable[tuple[str, bytes]]) -> Record:
    """A record of a topic. Its personal words are dropped: topics hold them in clear, exports never."""
    said: Mapping[str, str] = {name: text.decode() for name, text in headers}
    type_name = said["ce_type"]
    data = orjson.loads(value) if value else None
    if data is not None and (cls := CATALOGUE.get(type_name)) is not None:
        take_out(data, cls)
    return Record(
        int(said["ce_position"]),
        said["ce_time"],
        topic,
        type_name,
        said["ce_subject"],
        int(said["ce_sequence"]),
        key.decode(),
        None if data is None else data.get("questionId"),
        said["ce_actorid"],
        said["ce_commandid"],
        said["ce_correlationid"],
        said["ce_causationid"],
        said.get("traceparent", ""),
        None if data is None else _text(data),
    )


def to_row(record: Record, sealed: Iterable[Sealed]) -> Row:
    """The row of the store that the exported event came from, as `schemas.mapper.from_stored` reads it."""
    state = {
        "data": orjson.loads(record.data or "null"),
        "sealed": {one.person: one.box for one in sealed},
        "at": record.time,
        "actor": record.actor,
        "command": record.command,
        "correlation": record.correlation,
        "causation": record.causation,
        "trace": record.traceparent,
    }
    return record.position, UUID(record.aggregate), record.version, record.type, orjson.dumps(state)


def _text(data: dict[str, Any]) -> str:
    return orjson.dumps(data, option=orjson.OPT_SORT_KEYS).decode()
