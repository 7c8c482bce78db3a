"""The door: which handshakes become WebSockets, and when a rush is sent away."""

from http import HTTPStatus

import pytest

from gateway.door import COME_BACK_SECONDS, Crowd, Room, Spoken, Turned, spoken, turned_away

ROOM = Room(sockets=10, strangers=3)
SOCKET_IO = "/socket.io/?EIO=4&transport=websocket"


@pytest.mark.parametrize(("target", "way"), [("/", "json"), ("/ws", "json"), (SOCKET_IO, "socket.io")])
def test_two_codecs_have_their_paths(target: str, way: Spoken) -> None:
    assert spoken(target) == way


@pytest.mark.parametrize(
    "target", ["/ws?token=x", "/other", "/ws/", "/socket.iox/?EIO=4&transport=websocket"]
)
def test_there_is_nothing_elsewhere(target: str) -> None:
    turned = spoken(target)
    assert isinstance(turned, Turned)
    assert turned.status == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(
    ("query", "code"),
    [("EIO=4&transport=polling", 0), ("EIO=4", 0), ("", 0), ("EIO=3&transport=websocket", 5)],
)
def test_other_transports_and_versions_are_refused_as_socket_io_does(query: str, code: int) -> None:
    turned = spoken(f"/socket.io/?{query}")
    assert isinstance(turned, Turned)
    assert turned.status == HTTPStatus.BAD_REQUEST
    assert f'"code":{code},' in turned.body


@pytest.mark.parametrize("crowd", [Crowd(9, 0), Crowd(9, 2), Crowd(0, 0)])
def test_there_is_room(crowd: Crowd) -> None:
    assert turned_away("/ws", crowd, ROOM, draining=False) is None


@pytest.mark.parametrize(
    ("crowd", "draining"), [(Crowd(10, 0), False), (Crowd(5, 3), False), (Crowd(0, 0), True)]
)
def test_a_rush_or_a_goodbye_sends_away_with_a_time(crowd: Crowd, draining: bool) -> None:
    turned = turned_away("/ws", crowd, ROOM, draining)
    assert turned is not None
    assert turned.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert turned.retry_after == COME_BACK_SECONDS
