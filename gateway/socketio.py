"""Socket.IO v4 over a WebSocket (Engine.IO 4): packets of its text protocol to frames and back. Pure.

An event's name is the frame's type and its one argument the frame's data. An acknowledgement callback gets one object:
`ok: true` and what our `ack` carries, or `ok: false` and what our `error` carries. A token comes as `auth: {token}`, in
an `Authorization` header, or by `authenticate` as the first event. The packets are those of the protocol documents
of Engine.IO (revision 4) and Socket.IO (revision 5).
"""

import re
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson

from gateway import frames
from gateway.codec import HEARTBEAT_SECONDS, Aside, Bye, Hello, Packet
from gateway.frames import Failure, Unread

CLOSE, PONG, MESSAGE = "1", "3", "4"
CONNECT, DISCONNECT, EVENT = "40", "41", "42"
NOT_OURS = "only text events of the main namespace are understood here"
_EVENT = re.compile(r"42(?:/,)?(\d{1,15})?(?=\[)", re.ASCII)
_CONNECT = re.compile(r"40(/[^,{]*)?,?")


class SocketIO:
    """The codec of one connection."""

    __slots__ = ("_connecting", "_sid", "greeting", "heartbeat")

    def __init__(self, session_id: UUID, frame_bytes: int) -> None:
        """`frame_bytes` is the most a message may have."""
        self._sid = str(session_id)
        self._connecting = False
        opening = {
            "sid": self._sid,
            "upgrades": [],
            "pingInterval": HEARTBEAT_SECONDS * 1000,
            "pingTimeout": HEARTBEAT_SECONDS * 1000,
            "maxPayload": frame_bytes,
        }
        self.greeting: bytes | None = b"0" + orjson.dumps(opening)
        self.heartbeat: bytes | None = b"2"

    def read(self, text: str | bytes) -> Packet:
        """Understand one packet of the client."""
        if isinstance(text, bytes):
            return Unread(None, Failure("malformed", NOT_OURS))
        if text == PONG:
            return Aside()
        if text.startswith(EVENT):
            return _read_event(text)
        if text.startswith(CONNECT):
            return self._read_connect(text)
        if text in (CLOSE, DISCONNECT):
            return Bye()
        return Unread(None, Failure("malformed", NOT_OURS))

    def write(self, frame: bytes) -> tuple[bytes, ...]:
        """The packets that say `frame`."""
        if not self._connecting:
            return (_packet(frame),)
        whole = orjson.loads(frame)
        if whole["type"] == "authenticated":
            self._connecting = False
            return self._connected(), _packet(frame)
        if whole["type"] == "error":
            self._connecting = False
            said = {"message": whole["data"]["message"], "data": whole["data"]}
            return (b"44" + orjson.dumps(said),)
        return (_packet(frame),)

    def _read_connect(self, text: str) -> Packet:
        opening = _CONNECT.match(text)
        assert opening is not None
        namespace = opening[1]
        if namespace not in (None, "/"):
            return Aside(f'44{namespace},{{"message":"Invalid namespace"}}'.encode())
        try:
            given: Any = orjson.loads(text[opening.end() :] or "{}")
        except orjson.JSONDecodeError:
            return Unread(None, Failure("malformed", "what comes with a connection is JSON"))
        token = given.get("token") if isinstance(given, dict) else None
        if not isinstance(token, str) or not token:
            return Aside(self._connected())
        self._connecting = True
        return Hello(token)

    def _connected(self) -> bytes:
        return b"40" + orjson.dumps({"sid": self._sid})


def _read_event(text: str) -> Packet:
    opening = _EVENT.match(text)
    if opening is None:
        return Unread(None, Failure("malformed", NOT_OURS))
    frame_id = None if opening[1] is None else int(opening[1])
    try:
        said = orjson.loads(text[opening.end() :])
    except orjson.JSONDecodeError:
        return Unread(frame_id, Failure("malformed", "an event is JSON"))
    if not 1 <= len(said) <= 2:
        return Unread(frame_id, Failure("malformed", "an event has a name and at most one argument"))
    return frames.understood(said[0], frame_id, said[1] if len(said) == 2 else {})


@lru_cache(maxsize=16)
def _packet(frame: bytes) -> bytes:
    """A frame as a packet, made once for all in a room: what is said to many is said to one right after another."""
    whole = orjson.loads(frame)
    kind, data, frame_id = whole["type"], whole["data"], whole.get("id")
    if frame_id is not None and kind in ("ack", "error"):
        return b"43%d" % frame_id + orjson.dumps([{"ok": kind == "ack", **data}])
    return b"42" + orjson.dumps([kind, data])
