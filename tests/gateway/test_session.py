"""The session: who is there, and what each frame asks for."""

from typing import Any
from uuid import uuid4

import pytest

from gateway.actions import Action, Close, Execute, Join, Leave, Look, Open, Resume, Send, Typing
from gateway.frames import Failure
from gateway.session import FIRST_FRAME_SECONDS, TOKEN_GRACE_SECONDS
from gateway.tokens import Tokens
from schemas.commands.question import AcceptOffer, DeclineOffer
from schemas.commands.room import MarkRead, PostMessage
from schemas.ids import message_command
from schemas.wire.client import CLIENT_FRAMES
from tests.gateway.saying import (
    EXAMPLES,
    ME,
    NOW,
    OTHER,
    QUESTION,
    ROOM,
    codes,
    frame,
    message,
    new_session,
    said,
    signed_in,
    token,
)


def test_every_frame_of_the_catalogue_has_an_example() -> None:
    assert EXAMPLES.keys() == CLIENT_FRAMES.keys()


class TestAuthentication:
    def test_the_first_frame_says_who_is_there(self) -> None:
        session = new_session()
        (opening,) = session.receive(frame("authenticate", token=token()), NOW)
        assert isinstance(opening, Open)
        assert opening.claims.user_id == ME
        assert not opening.again
        (told,) = said(session.opened(opening.slot, 12, False))
        assert told["type"] == "authenticated"
        assert told["data"] == {
            "userId": str(ME),
            "sessionId": str(session.session_id),
            "inboxSeq": 12,
            "heartbeatS": 20,
            "resumed": False,
        }

    def test_with_an_id_it_is_acknowledged_too(self) -> None:
        session = new_session()
        (opening,) = session.receive(frame("authenticate", "a", token=token()), NOW)
        assert isinstance(opening, Open)
        told, ack = said(session.opened(opening.slot, 0, False))
        assert (told["type"], "id" in told) == ("authenticated", False)
        assert (ack["type"], ack["id"]) == ("ack", "a")

    def test_a_token_of_the_handshake_counts_as_the_first_frame(self) -> None:
        session = new_session()
        (opening,) = session.hello(token(), NOW)
        assert isinstance(opening, Open)
        assert session.claims is not None

    @pytest.mark.parametrize("kind", sorted(EXAMPLES.keys() - {"authenticate"}))
    def test_anything_else_first_is_refused(self, kind: str) -> None:
        session = new_session()
        actions = session.receive(frame(kind, "x", **EXAMPLES[kind]), NOW)
        (told,) = said(actions)
        assert (told["type"], told["id"], told["data"]["code"]) == ("error", "x", "unauthenticated")
        assert codes(actions) == [4401]
        assert session.receive(frame("authenticate", token=token()), NOW) == []

    @pytest.mark.parametrize(
        "bad", ["nonsense", token(at=NOW - 901), Tokens("y" * 40, 900).issue(ME, "both", "t", NOW)]
    )
    def test_a_bad_token_is_refused(self, bad: str) -> None:
        actions = new_session().receive(frame("authenticate", 1, token=bad), NOW)
        (told,) = said(actions)
        assert (told["id"], told["data"]["code"]) == (1, "unauthenticated")
        assert codes(actions) == [4401]

    def test_silence_ends_the_connection(self) -> None:
        session = new_session()
        assert session.tick(NOW + FIRST_FRAME_SECONDS - 0.1) == []
        assert codes(session.tick(NOW + FIRST_FRAME_SECONDS)) == [4401]

    def test_a_token_that_runs_out_ends_it_after_a_grace(self) -> None:
        session = signed_in()
        assert session.deadline == NOW + 900 + TOKEN_GRACE_SECONDS
        assert session.tick(session.deadline - 1) == []
        assert codes(session.tick(session.deadline)) == [4401]
        assert session.tick(session.deadline + 1) == []

    def test_a_fresh_token_moves_the_end(self) -> None:
        session = signed_in()
        (again,) = session.receive(frame("authenticate", "r", token=token(at=NOW + 800)), NOW + 800)
        assert isinstance(again, Open)
        assert again.again
        told, ack = said(session.opened(again.slot, 5, True))
        assert told["data"]["resumed"] is True
        assert ack["id"] == "r"
        assert session.tick(NOW + 900 + TOKEN_GRACE_SECONDS) == []
        assert codes(session.tick(NOW + 1700 + TOKEN_GRACE_SECONDS)) == [4401]

    def test_another_persons_token_ends_it(self) -> None:
        actions = signed_in().receive(frame("authenticate", "r", token=token(OTHER)), NOW)
        assert said(actions)[0]["data"]["code"] == "forbidden"
        assert codes(actions) == [4403]

    def test_a_socket_that_cannot_be_served_hears_why(self) -> None:
        session = new_session()
        (opening,) = session.receive(frame("authenticate", "a", token=token()), NOW)
        assert isinstance(opening, Open)
        actions = session.turned_away(opening.slot, Failure("rate_limited", "too many"), 4429)
        assert said(actions)[0]["data"]["code"] == "rate_limited"
        assert codes(actions) == [4429]


class TestWhatFramesAskFor:
    def act(self, kind: str, **data: Any) -> Action:
        (action,) = signed_in().receive(frame(kind, "i", **(data or EXAMPLES[kind])), NOW)
        return action

    def test_a_message(self) -> None:
        action = self.act("send_message")
        assert isinstance(action, Execute)
        assert isinstance(action.command, PostMessage)
        assert (action.command.room_id, action.command.content) == (ROOM, "안녕")
        assert action.command_id == message_command(ROOM, ME, "m1")
        assert action.limit == "messages"

    def test_the_same_message_again_has_the_same_command_id_and_another_room_another(self) -> None:
        first, again = self.act("send_message"), self.act("send_message", **message(content="anders"))
        elsewhere = self.act("send_message", **message(room=uuid4()))
        assert isinstance(first, Execute)
        assert isinstance(again, Execute)
        assert isinstance(elsewhere, Execute)
        assert first.command_id == again.command_id != elsewhere.command_id

    @pytest.mark.parametrize(
        ("kind", "command"),
        [
            ("accept_question", AcceptOffer(question_id=QUESTION)),
            ("decline_question", DeclineOffer(question_id=QUESTION)),
            ("mark_read", MarkRead(room_id=ROOM, up_to_seq=4)),
        ],
    )
    def test_commands(self, kind: str, command: object) -> None:
        action = self.act(kind)
        assert isinstance(action, Execute)
        assert action.command == command
        assert action.limit is None

    def test_accepting_twice_is_two_commands_so_that_a_refusal_is_not_for_ever(self) -> None:
        first, second = self.act("accept_question"), self.act("accept_question")
        assert isinstance(first, Execute)
        assert isinstance(second, Execute)
        assert first.command_id != second.command_id

    def test_listening(self) -> None:
        join, bare = self.act("join_room"), self.act("join_room", roomId=str(ROOM))
        leave, resume = self.act("leave_room"), self.act("resume")
        start, stop = self.act("typing_start"), self.act("typing_stop")
        assert isinstance(join, Join)
        assert isinstance(bare, Join)
        assert (join.room_id, join.after_seq, bare.after_seq) == (ROOM, 3, None)
        assert isinstance(leave, Leave)
        assert isinstance(resume, Resume)
        assert (resume.inbox_seq, resume.rooms) == (7, ((ROOM, 2),))
        assert isinstance(start, Typing)
        assert isinstance(stop, Typing)
        assert (start.is_typing, stop.is_typing) == (True, False)

    def test_whether_the_client_is_seen(self) -> None:
        away, back = self.act("visibility"), self.act("visibility", visible=True)
        assert isinstance(away, Look)
        assert isinstance(back, Look)
        assert (away.visible, back.visible) == (False, True)

    def test_ping(self) -> None:
        session = signed_in()
        assert said(session.receive(frame("ping", 0), NOW)) == [{"type": "ack", "id": 0, "data": {}}]
        assert said(session.receive('{"type":"ping"}', NOW)) == [{"type": "pong", "data": {}}]


class TestSpeakingForOthers:
    @pytest.mark.parametrize(
        ("kind", "name"),
        [(kind, "userId") for kind in sorted(EXAMPLES.keys() - {"authenticate"})]
        + [("accept_question", "expertId"), ("decline_question", "expertId")],
    )
    def test_the_first_designs_ids_must_name_the_sender(self, kind: str, name: str) -> None:
        session = signed_in()
        (refused,) = said(session.receive(frame(kind, "x", **EXAMPLES[kind], **{name: str(OTHER)}), NOW))
        assert refused["data"]["code"] == "forbidden"
        (accepted,) = session.receive(frame(kind, "y", **EXAMPLES[kind], **{name: str(ME)}), NOW)
        assert not isinstance(accepted, Close)
        assert not (isinstance(accepted, Send) and b'"error"' in accepted.frame)

    def test_a_user_id_beside_the_token_must_be_the_tokens(self) -> None:
        actions = new_session().receive(frame("authenticate", token=token(), userId=str(OTHER)), NOW)
        assert codes(actions) == [4403]
