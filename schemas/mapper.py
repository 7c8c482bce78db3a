"""The one place where events become bytes: sealed in the store, readable on Kafka.

In the store the fields marked `Personal` are taken out of the data and sealed, one AES-GCM box (NIST SP 800-38D,
96-bit random nonce, 256-bit key) per person and event, bound to the event's stream, version and type. Without the
person's key such a field reads as an empty text. On Kafka the same event is CloudEvents 1.0 in binary mode.
"""

from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache, lru_cache
from os import urandom
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import BaseModel, TypeAdapter
from pydantic.alias_generators import to_camel

from schemas.envelope import Event, Meta, Received
from schemas.events import CATALOGUE
from schemas.events.unreadable import Unreadable, unreadable_type
from schemas.ids import SYSTEM
from schemas.personal import put_back, take_out, written
from schemas.topics import TOPICS

_KEY_FIELDS = {name: to_camel(topic.key.replace(" ", "_")) for name, topic in TOPICS.items()}
"""Per topic, the name of the field that holds the partition key."""

SOURCE = "urn:yeongyeori"
CONTENT_TYPE = b"application/json"

_META = TypeAdapter(Meta).validator
_cipher = lru_cache(maxsize=16_384)(AESGCM)
_text = lru_cache(maxsize=65_536)(str)
_id = lru_cache(maxsize=65_536)(UUID)


class UnknownEventType(ValueError):
    """The log holds a type this program does not know."""

    def __init__(self, type_name: str) -> None:
        super().__init__(f"unknown event type {type_name!r}: this program is older than the log")


class Unsealable(ValueError):
    """A sealed field was changed, or its key is another's."""


def _bound_to(stream_id: UUID, version: int, type_name: str) -> bytes:
    return stream_id.bytes + version.to_bytes(8, "big") + type_name.encode()


def to_stored(event: Event, key_of: Callable[[UUID], bytes]) -> bytes:
    """The stored state of `event`. `key_of` gives (and makes, if there is none) a person's key."""
    data, sealed = seal(event.data, _bound_to(event.stream_id, event.version, event.type), key_of)
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


def box(key: bytes, plain: bytes, bound: bytes) -> str:
    """`plain` sealed with `key`, bound to `bound`: nonce and AES-GCM box, in base64."""
    nonce = urandom(12)
    return b2a_base64(nonce + _cipher(key).encrypt(nonce, plain, bound), newline=False).decode()


def unbox(key: bytes, boxed: str, bound: bytes) -> bytes:
    """What `box` sealed. Raises `Unsealable` if it was changed, or anything else is bound to it."""
    raw = a2b_base64(boxed)
    try:
        return _cipher(key).decrypt(raw[:12], raw[12:], bound)
    except InvalidTag:
        raise Unsealable("a sealed box was changed, moved, or sealed with another key") from None


def seal(
    model: BaseModel, bound: bytes, key_of: Callable[[UUID], bytes]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The data of `model` without its personal texts, and those sealed, by owner; both ready for orjson."""
    data = written(model)
    private = take_out(data, type(model))
    sealed = {
        _text(owner): box(key_of(owner), orjson.dumps(texts), bound + owner.bytes)
        for owner, texts in private.items()
    }
    return data, sealed


def unseal(
    model: type[BaseModel],
    data: dict[str, Any],
    sealed: dict[str, str],
    bound: bytes,
    key_of: Callable[[UUID], bytes | None],
) -> dict[str, Any]:
    """The data that `seal` took apart. Texts whose owner has no key any more are empty."""
    private: dict[str, str] = {}
    for name, boxed in sealed.items():
        owner = _id(name)
        if (key := key_of(owner)) is not None:
            private.update(orjson.loads(unbox(key, boxed, bound + owner.bytes)))
    put_back(data, model, private)
    return data


def words_in(
    stream_id: UUID, version: int, type_name: str, owner: UUID, boxed: str, key: bytes
) -> dict[str, str]:
    """The texts of one box of a stored event by their addresses (`content`, `specialties/0/name`)."""
    bound = _bound_to(stream_id, version, type_name) + owner.bytes
    texts: dict[str, str] = orjson.loads(unbox(key, boxed, bound))
    return texts


def owners_in(states: Iterable[bytes]) -> set[UUID]:
    """The persons whose keys are needed to read `states`; of those that are spoilt, none."""
    return {owner for state in states for owner in _owners(state)}


def _owners(state: bytes) -> list[UUID]:
    try:
        return [_id(owner) for owner in orjson.loads(state)["sealed"]]
    except (ValueError, LookupError, TypeError, AttributeError):
        return []


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
    bound = _bound_to(stream_id, version, type_name)
    data = unseal(cls, record["data"], record["sealed"], bound, key_of)
    meta = _META.validate_python(
        {
            "at": record["at"],
            "actor_id": record["actor"],
            "command_id": record["command"],
            "correlation_id": record["correlation"],
            "causation_id": record["causation"],
            "traceparent": record["trace"],
        }
    )
    return Event(position, stream_id, version, cls.model_validate(data), meta)


NEVER = datetime.fromtimestamp(0, UTC)
"""When an event happened that does not say so."""


def unreadable(
    position: int, stream_id: UUID, version: int, type_name: str, state: bytes, error: Exception
) -> Event:
    """What stands for a stored event that `from_stored` could not read because of `error`.

    Raises `UnknownEventType` if not even the topic of the type is known.
    """
    try:
        cls = unreadable_type(type_name)
    except KeyError:
        raise UnknownEventType(type_name) from error
    try:
        at = datetime.fromisoformat(orjson.loads(state)["at"])
    except (ValueError, LookupError, TypeError):
        at = NEVER
    key = place_of(cls.TOPIC, stream_id, state)
    data = cls(key=key, reason=f"{type(error).__name__}: {error}"[:500])
    return Event(position, stream_id, version, data, Meta(at, SYSTEM, stream_id, key, ""))


def place_of(topic: str, stream_id: UUID, state: bytes) -> UUID:
    """The partition key of a stored state, or the stream it is of, where the state does not tell."""
    try:
        return partition_key_of(topic, state)
    except (ValueError, LookupError, TypeError, AttributeError):
        return stream_id


def to_kafka(event: Event, previous: int) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """Key, value and headers of `event`; `previous` is the position before it on its partition (0 for none).

    An event that could not be read has an empty value: readers know its place, and ask the store for it.
    """
    meta = event.meta
    key = _text(event.data.partition_key).encode()
    stream = _text(event.stream_id)
    content_type, version, source, type_name, schema = _constant_headers(event.type)
    headers = [
        content_type,
        version,
        ("ce_id", f"{stream}:{event.version}".encode()),
        source,
        type_name,
        ("ce_time", meta.at.astimezone(UTC).isoformat().replace("+00:00", "Z").encode()),
        ("ce_subject", stream.encode()),
        schema,
        ("ce_partitionkey", key),
        ("ce_sequence", b"%d" % event.version),
        ("ce_position", b"%d" % event.position),
        ("ce_previousposition", b"%d" % previous),
        ("ce_correlationid", str(meta.correlation_id).encode()),
        ("ce_causationid", meta.causation_id.encode()),
        ("ce_commandid", str(meta.command_id).encode()),
        ("ce_actorid", _text(meta.actor_id).encode()),
    ]
    if meta.traceparent:
        headers.append(("traceparent", meta.traceparent.encode()))
    if isinstance(event.data, Unreadable):
        return key, b"", headers
    return key, event.data.__pydantic_serializer__.to_json(event.data, by_alias=True), headers


@cache
def _constant_headers(type_name: str) -> tuple[tuple[str, bytes], ...]:
    return (
        ("content-type", CONTENT_TYPE),
        ("ce_specversion", b"1.0"),
        ("ce_source", SOURCE.encode()),
        ("ce_type", type_name.encode()),
        ("ce_dataschema", f"/schemas/events/{type_name}.json".encode()),
    )


def position_of(headers: Iterable[tuple[str, bytes]]) -> int:
    """`ce_position` alone, without decoding the record."""
    return int(dict(headers)["ce_position"])


def from_kafka(value: bytes, headers: Iterable[tuple[str, bytes]]) -> Received:
    """The event of a record. Raises `UnknownEventType`, `KeyError` or a validation error if it is not one of ours."""
    texts = dict(headers)
    type_name = texts["ce_type"].decode()
    cls = CATALOGUE.get(type_name)
    if cls is None:
        raise UnknownEventType(type_name)
    meta = _META.validate_python(
        {
            "at": texts["ce_time"].decode(),
            "actor_id": texts["ce_actorid"].decode(),
            "command_id": texts["ce_commandid"].decode(),
            "correlation_id": texts["ce_correlationid"].decode(),
            "causation_id": texts["ce_causationid"].decode(),
            "traceparent": texts.get("traceparent", b"").decode(),
        }
    )
    event = Event(
        position=int(texts["ce_position"]),
        stream_id=_id(texts["ce_subject"].decode()),
        version=int(texts["ce_sequence"]),
        data=cls.model_validate_json(value),
        meta=meta,
    )
    return Received(event, int(texts["ce_previousposition"]))
