"""What a client could say on its WebSocket: frames as they should be, nearly so, and not at all.

The fields of a frame are those of its model, so that a new frame is told nonsense from its first day on.
"""

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from schemas.wire.client import CLIENT_FRAMES, MessageGiven

Ids = dict[str, list[str]]
Tree = st.SearchStrategy[Any]

SAID = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["", " ", "안녕하세요", "\x00", "\x1b[2J", "​", "👩‍👩‍👧", "a" * 8_000, "가" * 8_001, "\x7f", "‮"]
    ),
)
NUMBERS = st.one_of(
    st.integers(-2, 40),
    st.sampled_from([2**31, 2**53, 2**53 + 1, 2**63, 2**64, -(2**63), 10**40, 0.5, -0.0, 1e308]),
)
ANYTHING: Tree = st.recursive(
    st.none() | st.booleans() | NUMBERS | SAID,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame whose envelope is right, so that its id must be answered, whatever is in it."""

    kind: str
    data: Any


@dataclass(frozen=True, slots=True)
class Noise:
    """Something that is no frame of ours."""

    message: str | bytes


def _id(known: list[str]) -> Tree:
    return st.one_of(*[st.sampled_from(known)] * 4, st.uuids().map(str), ANYTHING)


def _field(name: str, ids: Ids) -> Tree:
    match name:
        case "roomId" | "questionId" | "userId" | "expertId":
            return _id(ids[name])
        case "afterSeq" | "upToSeq" | "inboxSeq":
            return st.one_of(*[st.integers(0, 30)] * 4, NUMBERS, ANYTHING)
        case "message":
            return st.one_of(*[_data(MessageGiven, ids)] * 4, ANYTHING)
        case "content" | "clientMsgId":
            return st.one_of(SAID, SAID, ANYTHING)
        case "type":
            return st.one_of(st.just("text"), st.just("text"), ANYTHING)
        case "rooms":
            pairs = st.dictionaries(st.sampled_from(ids["roomId"]), st.integers(0, 30), max_size=3)
            return st.one_of(pairs, pairs, st.dictionaries(SAID, NUMBERS, max_size=3), ANYTHING)
    return ANYTHING


def _data(model: Any, ids: Ids) -> Tree:
    fields = {
        field.alias or name: _field(field.alias or name, ids) for name, field in model.model_fields.items()
    }
    required = {field.alias or name for name, field in model.model_fields.items() if field.is_required()}
    whole = st.fixed_dictionaries(
        {name: fields[name] for name in sorted(required)},
        optional={name: fields[name] for name in sorted(fields.keys() - required)},
    )
    halves = st.fixed_dictionaries({}, optional=fields)
    more = st.builds(
        lambda data, extra: {**extra, **data},
        whole,
        st.dictionaries(st.text(max_size=8), ANYTHING, max_size=2),
    )
    return st.one_of(whole, whole, whole, whole, halves, more)


def frames(ids: Ids) -> st.SearchStrategy[Frame]:
    """Frames of every type there is, and of types that there are not."""
    known = [
        st.builds(Frame, st.just(kind), _data(model, ids))
        for kind, model in CLIENT_FRAMES.items()
        if kind != "authenticate"
    ]
    strange = st.builds(Frame, st.one_of(SAID.filter(bool), st.sampled_from(sorted(CLIENT_FRAMES))), ANYTHING)
    return st.one_of(*known, *known, strange)


def _broken(frame: Frame, at: int, piece: str) -> str:
    text = json.dumps({"type": frame.kind, "data": frame.data})
    at %= len(text)
    return text[:at] + piece + text[at + len(piece) // 2 :]


def noise(ids: Ids) -> st.SearchStrategy[Noise]:
    """What is no frame: broken JSON, other JSON, no JSON, bytes."""
    pieces = st.sampled_from(
        [
            "",
            '"',
            "{",
            "}",
            "[" * 2_000,
            '{"a":' * 2_000,
            "\\",
            "\\ud800",
            "\\u0000",
            ",",
            "NaN",
            "1e999",
            "\x00",
            "/*",
        ]
    )
    broken = st.builds(_broken, frames(ids), st.integers(0, 2_000), pieces)
    texts = st.one_of(
        broken,
        ANYTHING.map(json.dumps),
        st.text(max_size=100),
        st.sampled_from(
            ["", " ", "null", "{}", "[]", '{"type":"ping"', '{"type":"ping","type":"pong"}', "﻿{}"]
        ),
    )
    return st.one_of(st.builds(Noise, texts), st.builds(Noise, st.binary(max_size=100)))


def packets(ids: Ids) -> st.SearchStrategy[Noise]:
    """What is no event of Socket.IO, and parts of its protocol that are not understood here."""
    starts = st.sampled_from(
        [
            "0",
            "1",
            "2",
            "2probe",
            "3",
            "3probe",
            "4",
            "40",
            "41",
            "42",
            "43",
            "44",
            "45",
            "5",
            "6",
            "40/admin,",
            "42/admin,",
        ]
    )
    rests = st.one_of(
        st.just(""),
        ANYTHING.map(json.dumps),
        st.text(max_size=30),
        st.sampled_from(["-[", "1-[{}]", "99999999999999999999[]"]),
    )
    return st.one_of(st.builds(lambda start, rest: Noise(start + rest), starts, rests), noise(ids))
