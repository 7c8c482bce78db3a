"""The one place where events become bytes: sealed in the store, readable on Kafka.

In the store the fields marked `Personal` are taken out of the data and sealed, one AES-GCM box (NIST SP 800-38D,
96-bit random nonce, 256-bit key) per person and event, bound to the event's stream, version and type. Without the
person's key such a field reads as an empty text. On Kafka the same event is CloudEvents 1.0 in binary mode.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from os import urandom
from typing import Any, get_args
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from schemas.base import Personal
from schemas.envelope import Event, Meta, Received
from schemas.events import CATALOGUE
from schemas.topics import TOPICS

_KEY_FIELDS = {name: to_camel(topic.key.replace(" ", "_")) for name, topic in TOPICS.items()}
"""Per topic, the name of the field that holds the partition key."""

SOURCE = "urn:yeongyeori"
CONTENT_TYPE = b"application/json"


class UnknownEventType(ValueError):
    """The log holds a type this program does not know."""

    def __init__(self, type_name: str) -> None:
        super().__init__(f"unknown event type {type_name!r}: this program is older than the log")


class Unsealable(ValueError):
    """A sealed field was changed, or its key is another's."""


@dataclass(frozen=True, slots=True)
class _Field:
    """A personal field: the way to the object that holds it (`*` for each item), its name, and its owner's."""

    path: tuple[str, ...]
    name: str
    owner_depth: int
    """How many steps of `path` lead to the object that holds the owner's id."""
    owner: str


def _models_in(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The model in `M`, `M | None`, `tuple[M, ...]`, and whether it stands in a tuple."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    for argument in get_args(annotation):
        if isinstance(argument, type) and issubclass(argument, BaseModel):
            return argument, getattr(annotation, "__origin__", None) is tuple
    return None, False


@cache
def personal_fields(model: type[BaseModel]) -> tuple[_Field, ...]:
    """Every personal field of `model`, those of nested models included."""

    def walk(
        cls: type[BaseModel], path: tuple[str, ...], around: tuple[tuple[type[BaseModel], int], ...]
    ) -> Iterable[_Field]:
        holders = (*around, (cls, len(path)))
        for name, info in cls.model_fields.items():
            for mark in info.metadata:
                if isinstance(mark, Personal):
                    depth = max(at for holder, at in holders if mark.owner in holder.model_fields)
                    yield _Field(path, to_camel(name), depth, to_camel(mark.owner))
            inner, many = _models_in(info.annotation)
            if inner is not None:
                yield from walk(inner, (*path, to_camel(name), *(("*",) if many else ())), holders)

    return tuple(walk(model, (), ()))


def _places(data: Any, field: _Field) -> Iterable[tuple[str, dict[str, Any], str]]:
    """For each place of `field` in `data`: its address, the object that holds it, and the owner's id."""

    def descend(node: Any, step: int, address: str, owner: str) -> Iterable[tuple[str, dict[str, Any], str]]:
        if node is None:
            return
        if step == field.owner_depth:
            owner = node[field.owner]
        if step == len(field.path):
            yield f"{address}{field.name}", node, owner
        elif field.path[step] == "*":
            for i, item in enumerate(node):
                yield from descend(item, step + 1, f"{address}{i}/", owner)
        else:
            yield from descend(node.get(field.path[step]), step + 1, f"{address}{field.path[step]}/", owner)

    return descend(data, 0, "", "")


def _bound_to(stream_id: UUID, version: int, type_name: str) -> bytes:
    return stream_id.bytes + version.to_bytes(8, "big") + type_name.encode()


def to_stored(event: Event, key_of: Callable[[UUID], bytes]) -> bytes:
    """The stored state of `event`. `key_of` gives (and makes, if there is none) a person's key."""
    data = event.data.model_dump(mode="json", by_alias=True)
    private: dict[str, dict[str, str]] = {}
    for field in personal_fields(type(event.data)):
        for address, holder, owner in _places(data, field):
            if text := holder.pop(field.name, ""):
                private.setdefault(owner, {})[address] = text
    bound = _bound_to(event.stream_id, event.version, event.type)
    sealed = {}
    for owner, fields in private.items():
        nonce = urandom(12)
        box = AESGCM(key_of(UUID(owner))).encrypt(nonce, orjson.dumps(fields), bound + UUID(owner).bytes)
        sealed[owner] = b64encode(nonce + box).decode()
    meta = event.meta
    return orjson.dumps(
        {
            "data": data,
            "sealed": sealed,
            "at": meta.at,
            "actor": meta.actor_id,
            "command": meta.command_id,
            "correlation": meta.correlation_id,
            "causation": meta.causation_id,
            "trace": meta.traceparent,
        },
        option=orjson.OPT_UTC_Z,
    )


def owners_in(states: Iterable[bytes]) -> set[UUID]:
    """The persons whose keys are needed to read `states`."""
    return {UUID(owner) for state in states for owner in orjson.loads(state)["sealed"]}


def partition_key_of(topic: str, state: bytes) -> UUID:
    """The partition key of a stored state of `topic`, without unsealing it."""
    return UUID(orjson.loads(state)["data"][_KEY_FIELDS[topic]])


def from_stored(
    position: int,
    stream_id: UUID,
    version: int,
    type_name: str,
    state: bytes,
    key_of: Callable[[UUID], bytes | None],
) -> Event:
    """The event of a stored state. Fields whose owner has no key any more read as empty texts."""
    cls = CATALOGUE.get(type_name)
    if cls is None:
        raise UnknownEventType(type_name)
    record = orjson.loads(state)
    data = record["data"]
    private: dict[str, str] = {}
    bound = _bound_to(stream_id, version, type_name)
    for owner, box in record["sealed"].items():
        key = key_of(UUID(owner))
        if key is None:
            continue
        raw = b64decode(box)
        try:
            private.update(orjson.loads(AESGCM(key).decrypt(raw[:12], raw[12:], bound + UUID(owner).bytes)))
        except InvalidTag:
            raise Unsealable(f"{stream_id}:{version} cannot be unsealed with the key of {owner}") from None
    for field in personal_fields(cls):
        for address, holder, _ in _places(data, field):
            holder[field.name] = private.get(address, "")
    meta = Meta(
        at=datetime.fromisoformat(record["at"]),
        actor_id=UUID(record["actor"]),
        command_id=UUID(record["command"]),
        correlation_id=UUID(record["correlation"]),
        causation_id=record["causation"],
        traceparent=record["trace"],
    )
    return Event(position, stream_id, version, cls.model_validate(data), meta)


def to_kafka(event: Event, previous: int) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """Key, value and headers of `event`; `previous` is the position before it on its partition (0 for none)."""
    meta = event.meta
    key = str(event.data.partition_key)
    headers = {
        "ce_specversion": "1.0",
        "ce_id": event.event_id,
        "ce_source": SOURCE,
        "ce_type": event.type,
        "ce_time": meta.at.isoformat().replace("+00:00", "Z"),
        "ce_subject": str(event.stream_id),
        "ce_dataschema": f"/schemas/events/{event.type}.json",
        "ce_partitionkey": key,
        "ce_sequence": str(event.version),
        "ce_position": str(event.position),
        "ce_previousposition": str(previous),
        "ce_correlationid": str(meta.correlation_id),
        "ce_causationid": meta.causation_id,
        "ce_commandid": str(meta.command_id),
        "ce_actorid": str(meta.actor_id),
    }
    if meta.traceparent:
        headers["traceparent"] = meta.traceparent
    encoded = [("content-type", CONTENT_TYPE), *((name, text.encode()) for name, text in headers.items())]
    return key.encode(), event.data.model_dump_json(by_alias=True).encode(), encoded


def position_of(headers: Iterable[tuple[str, bytes]]) -> int:
    """`ce_position` alone, without decoding the record."""
    return int(dict(headers)["ce_position"])


def from_kafka(value: bytes, headers: Iterable[tuple[str, bytes]]) -> Received:
    """The event of a record. Raises `UnknownEventType`, `KeyError` or a validation error if it is not one of ours."""
    texts = {name: raw.decode() for name, raw in headers}
    cls = CATALOGUE.get(texts["ce_type"])
    if cls is None:
        raise UnknownEventType(texts["ce_type"])
    meta = Meta(
        at=datetime.fromisoformat(texts["ce_time"]),
        actor_id=UUID(texts["ce_actorid"]),
        command_id=UUID(texts["ce_commandid"]),
        correlation_id=UUID(texts["ce_correlationid"]),
        causation_id=texts["ce_causationid"],
        traceparent=texts.get("traceparent", ""),
    )
    event = Event(
        position=int(texts["ce_position"]),
        stream_id=UUID(texts["ce_subject"]),
        version=int(texts["ce_sequence"]),
        data=cls.model_validate_json(value),
        meta=meta,
    )
    return Received(event, int(texts["ce_previousposition"]))
