"""The frames of rooms and the items of their history, both made from the same row: what is pushed live and what is
read again later cannot differ."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from schemas.events.question import Reason

Frame = dict[str, Any]
"""A whole wire frame, `{"type", "data"}`, JSON types only."""

MESSAGE_TYPES = frozenset({"text", "file", "system"})


def stamp(moment: datetime) -> str:
    """RFC 3339 in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def stamp_or_none(moment: datetime | None) -> str | None:
    """As `stamp`, of a moment that may not have come."""
    return None if moment is None else stamp(moment)


def text_or_none(value: UUID | None) -> str | None:
    """The canonical text of an id that may be absent."""
    return None if value is None else str(value)


def room_frame(room_id: UUID, seq: int, row: Mapping[str, Any]) -> Frame:
    """The frame of one row of `room_items`, whose ids may be texts already."""
    kind = row["type"]
    if kind in MESSAGE_TYPES:
        message = {
            "id": str(row["message_id"]),
            "content": row["content"],
            "type": kind,
            "createdAt": stamp(row["created_at"]),
            "clientMsgId": row["client_msg_id"],
        }
        if taken_back(row):
            message["redacted"] = True
        elif file := file_of(row):
            message["file"] = file
        sender = {"userId": str(row["user_id"]), "userName": row["user_name"]}
        data = {"roomId": str(room_id), "seq": seq, "message": message, "sender": sender}
        return {"type": "new_message", "data": data}
    return {"type": kind, "data": {"roomId": str(room_id), "seq": seq, **_about(row)}}


def history_item(seq: int, row: Mapping[str, Any]) -> dict[str, Any]:
    """One row of `room_items` as an item of the history."""
    kind, at = row["type"], stamp(row["created_at"])
    if kind not in MESSAGE_TYPES:
        return {"type": kind, "seq": seq, "createdAt": at, **_about(row)}
    item = {
        "id": str(row["message_id"]),
        "seq": seq,
        "type": kind,
        "content": row["content"],
        "senderId": str(row["user_id"]),
        "senderName": row["user_name"],
        "createdAt": at,
        "clientMsgId": row["client_msg_id"],
    }
    if taken_back(row):
        item["redacted"] = True
    elif file := file_of(row):
        item["file"] = file
    return item


def file_of(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a client is told of the file of a message of type `file`."""
    details = row.get("details")
    if not details or "file" not in details:
        return None
    return {"id": str(row["message_id"]), "name": row["content"], **details["file"]}


def taken_back(row: Mapping[str, Any]) -> bool:
    """Whether a message has no words any more: its author took it back, or was erased."""
    return bool(row.get("redacted")) or not row["content"]


def _about(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a row that is no message says beyond its type."""
    about: dict[str, Any] = {}
    if row.get("user_id") is not None:
        about["userId"] = str(row["user_id"])
    if row.get("user_name") is not None:
        about["userName"] = row["user_name"]
    if row.get("message_id") is not None:
        about["messageId"] = str(row["message_id"])
    return about | (row.get("details") or {})


def inbox_frame(frame: str, data: dict[str, Any]) -> Frame:
    """The frame of one row of `inbox`."""
    return {"type": frame, "data": data}


def said_reasons(reasons: Iterable[Reason]) -> list[dict[str, Any]]:
    """Reasons as they stand on the wire."""
    return [reason.model_dump(mode="json", by_alias=True) for reason in reasons]


def forgotten(data: Any, user_id: str) -> Any:
    """The data of an inbox frame without the words and the name of a person, as if made without their key."""
    if isinstance(data, list):
        return [forgotten(item, user_id) for item in data]
    if not isinstance(data, dict):
        return data
    inner = {name: forgotten(value, user_id) for name, value in data.items()}
    if user_id in (inner.get("userId"), inner.get("expertId")):
        inner |= {name: "" for name in ("userName", "displayName", "content") if name in inner}
        inner.pop("category", None)
    return inner
