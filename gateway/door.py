"""Who may come in: which handshakes are answered with a WebSocket, and in which codec. Pure.

A rush is shed with 503 and a time to come back, rather than made to wait until every handshake is too slow.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

PATHS = frozenset({"/", "/ws"})
SOCKET_IO = "/socket.io/"
COME_BACK_SECONDS = 2
"""At the earliest; clients add a chance of their own."""

Spoken = Literal["json", "socket.io"]


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many are inside, and how many of them have not said who they are."""

    sockets: int
    strangers: int


@dataclass(frozen=True, slots=True)
class Room:
    """How many of each there may be."""

    sockets: int
    strangers: int


@dataclass(frozen=True, slots=True)
class Turned:
    """The answer to those who may not come in. `retry_after` is in seconds."""

    status: HTTPStatus
    body: str
    retry_after: int | None = None


def spoken(target: str) -> Spoken | Turned:
    """What is spoken at this request target."""
    path, _, query = target.partition("?")
    if target in PATHS:
        return "json"
    if path != SOCKET_IO:
        return Turned(HTTPStatus.NOT_FOUND, "no WebSocket here; a token never stands in a URL\n")
    asked = query.split("&")
    if "transport=websocket" not in asked:
        return Turned(HTTPStatus.BAD_REQUEST, '{"code":0,"message":"Transport unknown"}')
    if "EIO=4" not in asked:
        return Turned(HTTPStatus.BAD_REQUEST, '{"code":5,"message":"Unsupported protocol version"}')
    return "socket.io"


def turned_away(target: str, crowd: Crowd, room: Room, draining: bool) -> Turned | None:
    """None for those who may come in."""
    if draining or crowd.sockets >= room.sockets or crowd.strangers >= room.strangers:
        return Turned(HTTPStatus.SERVICE_UNAVAILABLE, "too many at once; come back\n", COME_BACK_SECONDS)
    way = spoken(target)
    return way if isinstance(way, Turned) else None
