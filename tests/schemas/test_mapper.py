"""Events to bytes and back: nothing lost, nothing in the clear, nothing that can be moved or changed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

from schemas.base import Personal
from schemas.envelope import Event, Meta
from schemas.events import CATALOGUE
from schemas.events.room import MessagePosted
from schemas.mapper import (
    UnknownEventType,
    Unsealable,
    box,
    from_kafka,
    from_stored,
    owners_in,
    partition_key_of,
    position_of,
    to_kafka,
    to_stored,
    unbox,
)
from schemas.personal import owners_of

WORDS = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
SECRET = "비밀말"
MOMENTS = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))


PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(alphabet="abc", max_size=5),
    int: st.integers(0, 2**53),
    float: st.floats(0, 1),
    bool: st.booleans(),
    UUID: st.uuids(),
    AwareDatetime: MOMENTS,
}


def key_of(owner: UUID) -> bytes:
    return sha256(owner.bytes).digest()


def values_of(annotation: Any, personal: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Values for a field of an event."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return st.one_of(*(values_of(one, personal) for one in arguments))
    if origin is tuple:
        return st.lists(values_of(arguments[0], personal), max_size=3).map(tuple)
    if origin is Literal:
        return st.sampled_from(arguments)
    if annotation is type(None):
        return st.none()
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return models(annotation, personal)
    return PLAIN[annotation]


def models(model: type[BaseModel], personal: st.SearchStrategy[str]) -> st.SearchStrategy[BaseModel]:
    """Instances of `model` whose personal fields are drawn from `personal`."""
    fields = {
        info.alias or name: personal if is_personal(info) else values_of(info.annotation, personal)
        for name, info in model.model_fields.items()
    }
    return st.builds(model, **fields)


def is_personal(info: FieldInfo) -> bool:
    return any(isinstance(mark, Personal) for mark in info.metadata)


METAS = st.builds(
    Meta,
    at=MOMENTS,
    actor_id=st.uuids(),
    command_id=st.uuids(),
    correlation_id=st.uuids(),
    causation_id=WORDS,
    traceparent=st.sampled_from(["", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"]),
)


def events(personal: st.SearchStrategy[str] = WORDS) -> st.SearchStrategy[Event]:
    """Events of any type of the catalogue."""
    data = st.one_of(*(models(cls, personal) for cls in CATALOGUE.values()))
    return st.builds(
        Event,
        position=st.integers(1, 2**60),
        stream_id=st.uuids(),
        version=st.integers(1, 2**40),
        data=data,
        meta=METAS,
    )


def restored(event: Event, state: bytes, key_of: Any = key_of) -> Event:
    return from_stored(event.position, event.stream_id, event.version, event.type, state, key_of)


def personal_texts(model: BaseModel) -> Iterator[str]:
    """The text of every personal field, by the catalogue's own marks."""
    for name, info in type(model).model_fields.items():
        value = getattr(model, name)
        if is_personal(info):
            yield value
        for inner in value if isinstance(value, tuple) else (value,):
            if isinstance(inner, BaseModel):
                yield from personal_texts(inner)


@given(events())
@settings(max_examples=100, deadline=None)
def test_stored_and_read_again_an_event_is_the_same(event: Event) -> None:
    state = to_stored(event, key_of)
    assert restored(event, state) == event
    assert partition_key_of(event.topic, state) == event.data.partition_key
    assert owners_in([state]) == owners_of(event.data)


@given(events(), st.integers(0, 2**60))
@settings(max_examples=100, deadline=None)
def test_published_and_read_again_an_event_is_the_same(event: Event, previous: int) -> None:
    key, value, headers = to_kafka(event, previous)
    received = from_kafka(value, headers)
    assert (received.event, received.previous) == (event, previous)
    assert key.decode() == str(event.data.partition_key)
    assert position_of(headers) == event.position
    assert orjson.loads(value) == event.data.model_dump(mode="json", by_alias=True)


@given(events(personal=st.just(SECRET)))
@settings(max_examples=100, deadline=None)
def test_no_personal_word_stands_in_the_stored_bytes(event: Event) -> None:
    assert SECRET.encode() not in to_stored(event, key_of)


@given(events())
@settings(max_examples=100, deadline=None)
def test_without_keys_personal_fields_are_empty_and_the_rest_stays(event: Event) -> None:
    blind = restored(event, to_stored(event, key_of), lambda owner: None)
    assert set(personal_texts(blind.data)) <= {"", None}
    assert blind.data.partition_key == event.data.partition_key
    assert blind.meta == event.meta
    assert to_stored(blind, key_of)  # needs no key: there is nothing left to seal
    assert owners_of(blind.data) == set()


def a_message(content: str = SECRET) -> Event:
    data = MessagePosted(
        room_id=UUID(int=1),
        question_id=UUID(int=2),
        seq=1,
        message_id=UUID(int=3),
        sender_id=UUID(int=4),
        sender_name="지민",
        content=content,
    )
    meta = Meta(datetime(2026, 1, 1, tzinfo=UTC), UUID(int=4), UUID(int=5), UUID(int=6), "", "")
    return Event(7, UUID(int=1), 2, data, meta)


def test_a_message_has_one_box_and_none_of_its_words_outside() -> None:
    state = to_stored(a_message(), key_of)
    record = orjson.loads(state)
    assert list(record["sealed"]) == [str(UUID(int=4))]
    assert not {"content", "senderName", "clientMsgId"} & set(record["data"])
    assert SECRET.encode() not in state


def test_the_same_event_is_sealed_differently_each_time() -> None:
    assert to_stored(a_message(), key_of) != to_stored(a_message(), key_of)


@pytest.mark.parametrize(
    "moved",
    [{"stream_id": UUID(int=9)}, {"version": 3}],
    ids=["to another stream", "to another version"],
)
def test_a_box_does_not_open_in_another_place(moved: dict[str, Any]) -> None:
    state = to_stored(a_message(), key_of)
    with pytest.raises(Unsealable):
        restored(replace(a_message(), **moved), state)


def test_a_box_does_not_open_with_another_key_or_changed() -> None:
    event = a_message()
    state = to_stored(event, key_of)
    with pytest.raises(Unsealable):
        restored(event, state, lambda owner: bytes(32))
    boxed = box(bytes(32), b"plain", b"here")
    assert unbox(bytes(32), boxed, b"here") == b"plain"
    with pytest.raises(Unsealable):
        unbox(bytes(32), boxed, b"there")


def test_a_type_from_the_future_is_named() -> None:
    event = a_message()
    with pytest.raises(UnknownEventType, match=r"yeon\.new\.v9"):
        from_stored(1, event.stream_id, 1, "yeon.new.v9", to_stored(event, key_of), key_of)
    _, value, headers = to_kafka(event, 0)
    with pytest.raises(UnknownEventType):
        from_kafka(value, [("ce_type", b"yeon.new.v9") if n == "ce_type" else (n, v) for n, v in headers])


def test_fields_of_a_newer_writer_are_ignored() -> None:
    _, value, headers = to_kafka(a_message(), 0)
    newer = orjson.dumps({**orjson.loads(value), "mood": "good"})
    assert from_kafka(newer, headers).event == a_message()


def test_times_are_published_in_utc() -> None:
    seoul = replace(a_message().meta, at=datetime(2026, 1, 1, 9, tzinfo=timezone(timedelta(hours=9))))
    _, _, headers = to_kafka(replace(a_message(), meta=seoul), 0)
    assert dict(headers)["ce_time"] == b"2026-01-01T00:00:00Z"
    state = orjson.loads(to_stored(replace(a_message(), meta=seoul), key_of))
    assert datetime.fromisoformat(state["at"]) == seoul.at
