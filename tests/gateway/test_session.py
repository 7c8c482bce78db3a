"""The session: frames in, actions out."""

import itertools
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from gateway.actions import Action, Close, Execute, Join, Leave, Open, Resume, Send, Typing
from gateway.frames import Failure
from gateway.session import (
    FIRST_FRAME_SECONDS,
    MALFORMED_AT_MOST,
    TOKEN_GRACE_SECONDS,
    UNANSWERED_AT_MOST,
    FrameLimit,
    Session,
)
from gateway.tokens import Tokens
from schemas.commands.question import AcceptOffer, DeclineOffer
from schemas.commands.room import MarkRead, PostMessage
from schemas.ids import message_command
from schemas.wire.client import CLIENT_FRAMES

NOW = 1_000_000.0
ME, OTHER, ROOM, QUESTION = uuid4(), uuid4(), uuid4(), uuid4()
TOKENS = Tokens("a key of thirty-two bytes or more, for tests", 900)
NO_LIMIT = FrameLimit(10_000, 10)


def new_session(limit: FrameLimit = NO_LIMIT) -> Session:
    return Session(uuid4(), NOW, TOKENS.read, uuid4, limit)


def token(user: UUID = ME, at: float = NOW) -> str:
    return TOKENS.issue(user, "both", "t", at)


def frame(kind: str, frame_id: Any = None, **data: Any) -> str:
    whole = {"type": kind, "data": data} | ({} if frame_id is None else {"id": frame_id})
    return orjson.dumps(whole).decode()


def said(actions: list[Action]) -> list[dict[str, Any]]:
    return [orjson.loads(action.frame) for action in actions if isinstance(action, Send)]


def codes(actions: list[Action]) -> list[int]:
    return [action.code for action in actions if isinstance(action, Close)]


def signed_in(limit: FrameLimit = NO_LIMIT) -> Session:
    session = new_session(limit)
    (opening,) = session.receive(frame("authenticate", token=token()), NOW)
    assert isinstance(opening, Open)
    session.opened(opening.slot, 0, False)
    return session


def message(room: UUID = ROOM, client_msg_id: str = "m1", content: str = "안녕") -> dict[str, Any]:
    return {"roomId": str(room), "message": {"content": content, "clientMsgId": client_msg_id}}


EXAMPLES: dict[str, dict[str, Any]] = {
    "authenticate": {"token": token()},
    "join_room": {"roomId": str(ROOM), "afterSeq": 3},
    "leave_room": {"roomId": str(ROOM)},
    "send_message": message(),
    "typing_start": {"roomId": str(ROOM)},
    "typing_stop": {"roomId": str(ROOM)},
    "accept_question": {"questionId": str(QUESTION)},
    "decline_question": {"questionId": str(QUESTION)},
    "mark_read": {"roomId": str(ROOM), "upToSeq": 4},
    "resume": {"inboxSeq": 7, "rooms": {str(ROOM): 2}},
    "ping": {},
}


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


class TestNotOurs:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "no json",
            "[]",
            "1",
            '"ping"',
            "{}",
            '{"type": 1}',
            '{"type": "ping", "data": []}',
            '{"type": "ping", "extra": 1}',
            '{"type": "ping", "id": {}}',
            '{"type": "ping", "id": true}',
            '{"type": "ping", "id": ""}',
            '{"type": "ping", "id": "' + "x" * 65 + '"}',
            b'{"type": "ping"}',
        ],
    )
    def test_malformed_frames_are_answered(self, text: str | bytes) -> None:
        (told,) = said(signed_in().receive(text, NOW))
        assert (told["type"], told["data"]["code"]) == ("error", "malformed")
        assert told["data"]["retryable"] is False
        assert "id" not in told

    def test_the_id_is_kept_where_there_is_one(self) -> None:
        (told,) = said(signed_in().receive('{"type": "ping", "id": 5, "data": 1}', NOW))
        assert told["id"] == 5

    def test_unknown_types(self) -> None:
        (told,) = said(signed_in().receive(frame("shout", "s"), NOW))
        assert (told["id"], told["data"]["code"]) == ("s", "unknown_type")

    @pytest.mark.parametrize(
        ("kind", "data", "code", "field"),
        [
            ("join_room", {}, "invalid", "roomId"),
            ("join_room", {"roomId": "x"}, "invalid", "roomId"),
            ("join_room", {"roomId": str(ROOM), "afterSeq": -1}, "invalid", "afterSeq"),
            ("join_room", {"roomId": str(ROOM), "wish": 1}, "invalid", "wish"),
            ("send_message", message(content=" "), "invalid", "message.content"),
            ("send_message", message(content="\x07"), "invalid", "message.content"),
            ("send_message", message(content="x" * 8001), "too_large", "message.content"),
            ("send_message", message(client_msg_id=""), "invalid", "message.clientMsgId"),
            ("send_message", message(client_msg_id="x" * 65), "too_large", "message.clientMsgId"),
            ("send_message", {"roomId": str(ROOM)}, "invalid", "message"),
        ],
    )
    def test_invalid_data_names_the_field(
        self, kind: str, data: dict[str, Any], code: str, field: str
    ) -> None:
        (told,) = said(signed_in().receive(frame(kind, "v", **data), NOW))
        assert (told["id"], told["data"]["code"], told["data"]["field"]) == ("v", code, field)

    def test_eight_thousand_characters_are_not_too_many(self) -> None:
        (action,) = signed_in().receive(frame("send_message", "v", **message(content="가" * 8000)), NOW)
        assert isinstance(action, Execute)

    def test_too_many_end_the_connection(self) -> None:
        session = signed_in()
        for _ in range(MALFORMED_AT_MOST):
            assert codes(session.receive("?", NOW)) == []
        assert codes(session.receive("?", NOW)) == [4400]
        assert session.receive(frame("ping", 1), NOW) == []

    def test_invalid_data_does_not_count_as_not_ours(self) -> None:
        session = signed_in()
        for _ in range(3 * MALFORMED_AT_MOST):
            assert codes(session.receive(frame("join_room", 1), NOW)) == []


class TestOneAnswerEachInOrder:
    def test_answers_come_in_the_order_of_the_frames_whatever_finishes_first(self) -> None:
        for order in itertools.permutations(range(4)):
            session = signed_in()
            slots = []
            for i in range(4):
                (action,) = session.receive(
                    frame("send_message", f"f{i}", **message(client_msg_id=f"c{i}")), NOW
                )
                assert isinstance(action, Execute)
                slots.append(action.slot)
            assert said(session.receive(frame("ping", "p"), NOW)) == []
            answers = []
            for i in order:
                done = (
                    session.failed(slots[i], Failure("conflict", "no"))
                    if i % 2
                    else session.done(slots[i], {})
                )
                answers += said(done)
            assert [(a["id"], a["type"]) for a in answers] == [
                ("f0", "ack"),
                ("f1", "error"),
                ("f2", "ack"),
                ("f3", "error"),
                ("p", "ack"),
            ]

    def test_without_an_id_only_failure_is_told(self) -> None:
        session = signed_in()
        first, second = (session.receive(frame("send_message", **message()), NOW)[0] for _ in range(2))
        assert isinstance(first, Execute)
        assert isinstance(second, Execute)
        assert session.done(first.slot, {"seq": 1}) == []
        (told,) = said(session.failed(second.slot, Failure("room_closed", "closed")))
        assert "id" not in told
        assert told["data"] == {"code": "room_closed", "message": "closed", "retryable": False}

    def test_what_may_be_tried_again_says_so_and_when(self) -> None:
        session = signed_in()
        (action,) = session.receive(frame("send_message", 1, **message()), NOW)
        assert isinstance(action, Execute)
        (told,) = said(session.failed(action.slot, Failure("unavailable", "away", retry_after=0.5)))
        assert told["data"]["retryable"] is True
        assert told["data"]["retryAfterMs"] >= 500

    def test_it_is_full_at_256_unanswered(self) -> None:
        session = signed_in()
        slots = []
        for i in range(UNANSWERED_AT_MOST):
            assert not session.full
            (action,) = session.receive(frame("send_message", i, **message(client_msg_id=str(i))), NOW)
            assert isinstance(action, Execute)
            slots.append(action.slot)
        assert session.full
        session.done(slots[0], {})
        assert not session.full

    def test_nothing_is_said_after_the_end(self) -> None:
        session = signed_in()
        (action,) = session.receive(frame("send_message", 1, **message()), NOW)
        assert isinstance(action, Execute)
        assert codes(session.tick(NOW + 10_000)) == [4401]
        assert session.done(action.slot, {}) == []


class TestTooFast:
    def test_over_the_limit_is_refused_with_a_time_and_far_over_ends_it(self) -> None:
        session = signed_in(FrameLimit(5, 10))
        for i in range(4):  # authenticate was the first
            assert said(session.receive(frame("ping", i), NOW + 1))[0]["type"] == "ack"
        for i in range(5):
            (told,) = said(session.receive(frame("ping", i), NOW + 2))
            assert (told["id"], told["data"]["code"]) == (i, "rate_limited")
            assert 7_000 < told["data"]["retryAfterMs"] <= 8_001
        assert codes(session.receive(frame("ping", 1), NOW + 2)) == [4429]

    def test_the_window_moves_on(self) -> None:
        session = signed_in(FrameLimit(2, 10))
        for i in range(20):
            (told,) = said(session.receive(frame("ping", i), NOW + 11 * (i + 1)))
            assert told["type"] == "ack"
