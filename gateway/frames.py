"""Frames as bytes: reading what a client sent, and encoding what it is told."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError

from schemas.port import ErrorCode
from schemas.trace import read_traceparent
from schemas.wire.client import CLIENT_FRAMES, ClientFrame

FrameId = str | int
RETRYABLE: frozenset[ErrorCode] = frozenset({"rate_limited", "unavailable"})


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a frame was not carried out."""

    code: ErrorCode
    message: str
    field: str | None = None
    retry_after: float | None = None
    """In seconds."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A frame that could not be taken: its id as far as it has one, and why."""

    id: FrameId | None
    failure: Failure


@dataclass(frozen=True, slots=True)
class Read:
    """A frame that was understood."""

    id: FrameId | None
    data: ClientFrame
    traceparent: str = ""


def read(text: str | bytes) -> Read | Unread:
    """Understand one frame of a client."""
    if isinstance(text, bytes):
        return Unread(None, Failure("malformed", "a frame is text"))
    try:
        whole = orjson.loads(text)
    except orjson.JSONDecodeError:
        return Unread(None, Failure("malformed", "not JSON"))
    if not isinstance(whole, dict):
        return Unread(None, Failure("malformed", "a frame is an object"))
    frame_id = whole.get("id")
    if not _is_id(frame_id):
        return Unread(None, Failure("malformed", "an id is a text of 1 to 64 characters or a number", "id"))
    if not whole.keys() <= {"type", "id", "data", "traceparent"}:
        said = "a frame has type, id, data and traceparent, and nothing else"
        return Unread(frame_id, Failure("malformed", said))
    found = understood(whole.get("type"), frame_id, whole.get("data", {}))
    if isinstance(found, Read) and isinstance(trace := whole.get("traceparent"), str):
        return replace(found, traceparent=read_traceparent(trace))
    return found


def understood(kind: Any, frame_id: FrameId | None, data: Any) -> Read | Unread:
    """Understand a frame whose parts are decoded already."""
    if not isinstance(kind, str):
        return Unread(frame_id, Failure("malformed", "a frame has a type", "type"))
    if not isinstance(data, dict):
        return Unread(frame_id, Failure("malformed", "the data of a frame is an object", "data"))
    model = CLIENT_FRAMES.get(kind)
    if model is None:
        return Unread(frame_id, Failure("unknown_type", f"no frame is called {kind[:64]!r}", "type"))
    try:
        return Read(frame_id, model.model_validate(data))
    except ValidationError as error:
        return Unread(frame_id, _invalid(error))


def _is_id(value: Any) -> bool:
    if value is None:
        return True
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, str) and 1 <= len(value) <= 64)


def _invalid(error: ValidationError) -> Failure:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    code: ErrorCode = "too_large" if first["type"] in ("string_too_long", "too_long") else "invalid"
    return Failure(code, first["msg"], ".".join(str(step) for step in first["loc"]) or None)


def ack(frame_id: FrameId, data: dict[str, Any]) -> bytes:
    """The answer to a frame that was carried out."""
    return orjson.dumps({"type": "ack", "id": frame_id, "data": data})


def error(frame_id: FrameId | None, failure: Failure) -> bytes:
    """The answer to a frame that was not."""
    data: dict[str, Any] = {"code": failure.code, "message": failure.message}
    if failure.field is not None:
        data["field"] = failure.field
    data["retryable"] = failure.code in RETRYABLE
    if failure.retry_after is not None:
        data["retryAfterMs"] = int(failure.retry_after * 1000) + 1
    whole: dict[str, Any] = {"type": "error"}
    if frame_id is not None:
        whole["id"] = frame_id
    return orjson.dumps(whole | {"data": data})


def event(kind: str, data: dict[str, Any]) -> bytes:
    """A frame that answers nothing."""
    return orjson.dumps({"type": kind, "data": data})


def typing_indicator(room_id: UUID, user_id: UUID, is_typing: bool) -> dict[str, Any]:
    """The frame that says who is writing."""
    return {
        "type": "typing_indicator",
        "data": {"roomId": str(room_id), "userId": str(user_id), "isTyping": is_typing},
    }


def presence(user_id: UUID, online: bool) -> dict[str, Any]:
    """The frame that says who came and went."""
    return {"type": "presence", "data": {"userId": str(user_id), "online": online}}


@cache
def pong() -> bytes:
    """The answer to a `ping` without an id."""
    return event("pong", {})
