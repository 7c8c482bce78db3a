"""The session: frames that are not ours, one answer each in order, and too many."""

import itertools
from typing import Any

import pytest

from gateway.actions import Execute
from gateway.frames import Failure
from gateway.session import (
    MALFORMED_AT_MOST,
    UNANSWERED_AT_MOST,
    FrameLimit,
)
from tests.gateway.saying import (
    NOW,
    ROOM,
    codes,
    frame,
    message,
    said,
    signed_in,
)


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
