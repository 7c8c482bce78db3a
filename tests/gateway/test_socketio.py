"""The Socket.IO codec: packets in, frames out, on the same session as our JSON frames."""

from uuid import uuid4

import orjson
import pytest

from gateway import frames
from gateway.actions import Close, Join, Open, Reply, Send
from gateway.codec import Aside, Bye, Hello
from gateway.frames import Failure, Read, Unread
from gateway.session import Session
from gateway.socketio import SocketIO
from schemas.wire.client import JoinRoom, Ping
from tests.gateway.saying import ME, NO_LIMIT, NOW, ROOM, TOKENS, token

SID = uuid4()


def codec() -> SocketIO:
    return SocketIO(SID, 65_536)


class TestReading:
    @pytest.mark.parametrize("opening", ["42", "42/,"])
    def test_an_event_is_a_frame(self, opening: str) -> None:
        read = codec().read(f'{opening}["join_room",{{"roomId":"{ROOM}"}}]')
        assert read == Read(None, JoinRoom(room_id=ROOM))

    def test_an_event_that_wants_an_acknowledgement_has_an_id(self) -> None:
        assert codec().read('4217["ping"]') == Read(17, Ping())

    @pytest.mark.parametrize(
        "packet",
        [
            "",
            "4",
            "42",
            "42x",
            "42{}",
            "42[",
            '42/admin,["ping"]',
            '451-["x",{"_placeholder":true,"num":0}]',
            "5",
            "noise",
        ],
    )
    def test_what_is_none_of_it_is_malformed(self, packet: str) -> None:
        read = codec().read(packet)
        assert isinstance(read, Unread)
        assert read.failure.code == "malformed"

    @pytest.mark.parametrize("event", ["[]", '["ping",{},{}]', "[7]", '["ping",7]'])
    def test_an_event_has_a_name_and_an_object(self, event: str) -> None:
        read = codec().read(f"423{event}")
        assert isinstance(read, Unread)
        assert (read.id, read.failure.code) == (3, "malformed")

    def test_bytes_are_malformed(self) -> None:
        assert isinstance(codec().read(b'42["ping"]'), Unread)

    def test_a_pong_is_between_the_codecs_and_goodbyes_are_heard(self) -> None:
        assert codec().read("3") == Aside()
        assert codec().read("41") == codec().read("1") == Bye()

    def test_a_connection_may_bring_its_token(self) -> None:
        assert codec().read('40{"token":"t"}') == codec().read('40/,{"token":"t"}') == Hello("t")

    @pytest.mark.parametrize("packet", ["40", "40{}", '40{"token":7}', "40[]"])
    def test_a_connection_without_one_is_connected_and_may_authenticate(self, packet: str) -> None:
        assert codec().read(packet) == Aside(b'40{"sid":"%s"}' % str(SID).encode())

    def test_there_is_one_namespace(self) -> None:
        assert codec().read('40/admin,{"token":"t"}') == Aside(b'44/admin,{"message":"Invalid namespace"}')


class TestWriting:
    def test_an_event(self) -> None:
        frame = frames.event("pong", {})
        assert codec().write(frame) == (b'42["pong",{}]',)

    def test_an_acknowledgement(self) -> None:
        assert codec().write(frames.ack(12, {"seq": 3})) == (b'4312[{"ok":true,"seq":3}]',)

    def test_an_error_that_answers_and_one_that_does_not(self) -> None:
        failure = Failure("conflict", "no")
        (answer,) = codec().write(frames.error(0, failure))
        assert answer == b'430[{"ok":false,"code":"conflict","message":"no","retryable":false}]'
        (said,) = codec().write(frames.error(None, failure))
        assert said.startswith(b'42["error",{"code":"conflict"')

    def test_greeting(self) -> None:
        greeting = codec().greeting
        assert greeting is not None
        assert greeting[:1] == b"0"
        assert orjson.loads(greeting[1:]) == {
            "sid": str(SID),
            "upgrades": [],
            "pingInterval": 20_000,
            "pingTimeout": 20_000,
            "maxPayload": 65_536,
        }


class TestSession:
    def session(self) -> tuple[Session, SocketIO]:
        one = codec()
        return Session(SID, NOW, TOKENS.read, uuid4, NO_LIMIT, one), one

    def test_a_token_is_read_before_the_connection_stands(self) -> None:
        session, one = self.session()
        (opening,) = session.receive(f'40{{"token":"{token()}"}}', NOW)
        assert isinstance(opening, Open)
        (told,) = session.opened(opening.slot, 4, False)
        assert isinstance(told, Send)
        connected, event = one.write(told.frame)
        assert connected.startswith(b"40{")
        assert event.startswith(b'42["authenticated",{"userId":"%s"' % str(ME).encode())

    def test_a_bad_token_is_an_error_of_the_connection(self) -> None:
        session, one = self.session()
        told, closed = session.receive('40{"token":"nonsense"}', NOW)
        assert isinstance(told, Send)
        assert isinstance(closed, Close)
        (packet,) = one.write(told.frame)
        assert packet.startswith(b'44{"message":"the token is not valid","data":{"code":"unauthenticated"')

    def test_a_stranger_hears_nothing_but_the_opening(self) -> None:
        session, _ = self.session()
        (opening,) = session.receive("40", NOW)
        assert isinstance(opening, Reply)
        actions = session.receive(f'420["join_room",{{"roomId":"{ROOM}"}}]', NOW)
        assert not any(isinstance(action, Join) for action in actions)
        assert isinstance(actions[-1], Close)

    def test_goodbye_ends_it(self) -> None:
        session, _ = self.session()
        assert session.receive("41", NOW) == [Close(1000, "goodbye")]
