"""Frames as a client would write them, sessions to write them to, and what comes back."""

from typing import Any
from uuid import UUID, uuid4

import orjson

from gateway.actions import Action, Close, Open, Send
from gateway.session import FrameLimit, Session
from gateway.tokens import Tokens

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
    "visibility": {"visible": False},
    "ping": {},
}
