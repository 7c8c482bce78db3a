"""One socket's conversation as a pure state machine: frames in, actions out; no socket, clock or randomness.

It promises one answer to each frame that carries an id, in the order the frames came, and nothing to anyone who
has not said who they are.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from gateway import frames
from gateway.actions import Action, Close, Execute, Join, Leave, Look, Open, Reply, Resume, Send, Typing
from gateway.codec import HEARTBEAT_SECONDS, JSON_FRAMES, Aside, Bye, Codec, Hello
from gateway.frames import Failure, FrameId
from gateway.tokens import BadToken, Claims
from schemas.commands.question import AcceptOffer, DeclineOffer
from schemas.commands.room import MarkRead, PostMessage
from schemas.ids import message_command
from schemas.wire import client

FIRST_FRAME_SECONDS = 5.0
TOKEN_GRACE_SECONDS = 30.0
MALFORMED_AT_MOST = 10
UNANSWERED_AT_MOST = 256


@dataclass(frozen=True, slots=True)
class FrameLimit:
    """So many frames in so many seconds; twice as many end the connection."""

    amount: int
    seconds: float


@dataclass(slots=True)
class _Slot:
    """A frame waiting for its answer; `answer` holds the frames to send once those before it are answered."""

    id: FrameId | None
    answer: tuple[bytes, ...] | None = None


class Session:
    """The state of one socket. There are thousands, mostly idle: what is empty takes as little room as it can."""

    __slots__ = (
        "_arrivals",
        "_codec",
        "_limit",
        "_malformed",
        "_new_id",
        "_next_slot",
        "_opened_at",
        "_read_token",
        "_slots",
        "claims",
        "closed",
        "session_id",
    )

    def __init__(
        self,
        session_id: UUID,
        opened_at: float,
        read_token: Callable[[str, float], Claims],
        new_id: Callable[[], UUID],
        limit: FrameLimit,
        codec: Codec = JSON_FRAMES,
    ) -> None:
        """`opened_at`, like every `now`, is in Unix seconds. `read_token` raises `BadToken`."""
        self.session_id = session_id
        self.claims: Claims | None = None
        self.closed = False
        self._opened_at = opened_at
        self._read_token = read_token
        self._new_id = new_id
        self._limit = limit
        self._codec = codec
        self._arrivals: list[float] = []
        self._malformed = 0
        self._slots: dict[int, _Slot] = {}
        """By number, which is the order of the frames."""
        self._next_slot = 0

    @property
    def full(self) -> bool:
        """Whether so many frames wait for their answer that no more should be read."""
        return len(self._slots) >= UNANSWERED_AT_MOST

    @property
    def deadline(self) -> float:
        """When `tick` has something to say, in Unix seconds."""
        if self.claims is None:
            return self._opened_at + FIRST_FRAME_SECONDS
        return self.claims.expires_at + TOKEN_GRACE_SECONDS

    def tick(self, now: float) -> list[Action]:
        """Time has passed."""
        if self.closed or now < self.deadline:
            return []
        reason = "nobody said who is there" if self.claims is None else "the token has run out"
        return self._close(4401, reason)

    def hello(self, token: str, now: float) -> list[Action]:
        """A token came with the handshake."""
        return self._authenticate(self._open_slot(None), token, None, now)

    def receive(self, text: str | bytes, now: float) -> list[Action]:
        """A frame came."""
        if self.closed:
            return []
        waiting = self._count(now)
        if waiting is not None:
            return waiting if self.closed else self._refuse_early(text, now)
        match self._codec.read(text):
            case frames.Unread(frame_id, failure):
                return self._not_ours(frame_id, failure)
            case frames.Read(frame_id, data, traceparent):
                actions = self._understood(frame_id, data, now)
                return [_traced(one, traceparent) for one in actions] if traceparent else actions
            case Hello(token):
                return self.hello(token, now)
            case Aside(reply):
                return [] if reply is None else [Reply(reply)]
            case Bye():
                return self._close(1000, "goodbye")

    def done(self, slot: int, data: dict[str, Any]) -> list[Action]:
        """The work of `slot` was carried out; `data` is what its `ack` carries."""
        waiting = self._slots[slot]
        waiting.answer = () if waiting.id is None else (frames.ack(waiting.id, data),)
        return self._answered()

    def failed(self, slot: int, failure: Failure) -> list[Action]:
        """The work of `slot` was not carried out."""
        waiting = self._slots[slot]
        waiting.answer = (frames.error(waiting.id, failure),)
        return self._answered()

    def opened(self, slot: int, inbox_seq: int, again: bool) -> list[Action]:
        """The socket is registered; the person's inbox stands at `inbox_seq`."""
        assert self.claims is not None
        data = {
            "userId": str(self.claims.user_id),
            "sessionId": str(self.session_id),
            "inboxSeq": inbox_seq,
            "heartbeatS": HEARTBEAT_SECONDS,
            "resumed": again,
        }
        waiting = self._slots[slot]
        told = frames.event("authenticated", data)
        waiting.answer = (told,) if waiting.id is None else (told, frames.ack(waiting.id, data))
        return self._answered()

    def turned_away(self, slot: int, failure: Failure, code: int) -> list[Action]:
        """The socket cannot be served; it hears why, and the connection ends."""
        return [*self.failed(slot, failure), *self._close(code, failure.message)]

    def _count(self, now: float) -> list[Action] | None:
        """None as long as the frames do not come too fast."""
        self._arrivals.append(now)
        while self._arrivals[0] <= now - self._limit.seconds:
            del self._arrivals[0]
        if len(self._arrivals) <= self._limit.amount:
            return None
        if len(self._arrivals) > 2 * self._limit.amount:
            return self._close(4429, "too many frames")
        return []

    def _refuse_early(self, text: str | bytes, now: float) -> list[Action]:
        found = self._codec.read(text)
        frame_id = found.id if isinstance(found, frames.Read | frames.Unread) else None
        wait = self._arrivals[0] + self._limit.seconds - now
        failure = Failure("rate_limited", "too many frames", retry_after=wait)
        return self.failed(self._open_slot(frame_id), failure)

    def _not_ours(self, frame_id: FrameId | None, failure: Failure) -> list[Action]:
        actions = self.failed(self._open_slot(frame_id), failure)
        if failure.code in ("malformed", "unknown_type"):
            self._malformed += 1
            if self._malformed > MALFORMED_AT_MOST:
                actions += self._close(4400, "too many frames that are not ours")
        if self.claims is None:
            actions += self._close(4401, "the first frame is authenticate")
        return actions

    def _understood(self, frame_id: FrameId | None, data: client.ClientFrame, now: float) -> list[Action]:
        if isinstance(data, client.Ping) and frame_id is None and self.claims is not None:
            return [Send(frames.pong())]
        slot = self._open_slot(frame_id)
        if isinstance(data, client.Authenticate):
            return self._authenticate(slot, data.token, data.user_id, now)
        if self.claims is None:
            failure = Failure("unauthenticated", "the first frame is authenticate")
            return [*self.failed(slot, failure), *self._close(4401, failure.message)]
        me = self.claims.user_id
        named = {data.user_id, getattr(data, "expert_id", None)} - {None}
        if named and named != {me}:
            return self.failed(slot, Failure("forbidden", "a frame speaks for its sender only"))
        return self._act(slot, data, me)

    def _act(self, slot: int, data: client.ClientFrame, me: UUID) -> list[Action]:
        match data:
            case client.Ping():
                return self.done(slot, {})
            case client.SendMessage(room_id=room_id, message=said):
                command = PostMessage(
                    room_id=room_id,
                    message_id=self._new_id(),
                    content=said.content,
                    client_msg_id=said.client_msg_id or "",
                )
                own = said.client_msg_id
                command_id = message_command(room_id, me, own) if own else self._new_id()
                return [Execute(slot, command, command_id, "messages")]
            case client.AcceptQuestion(question_id=question_id):
                return [Execute(slot, AcceptOffer(question_id=question_id), self._new_id())]
            case client.DeclineQuestion(question_id=question_id):
                return [Execute(slot, DeclineOffer(question_id=question_id), self._new_id())]
            case client.MarkRead(room_id=room_id, up_to_seq=up_to):
                return [Execute(slot, MarkRead(room_id=room_id, up_to_seq=up_to), self._new_id())]
            case client.JoinRoom(room_id=room_id, after_seq=after):
                return [Join(slot, room_id, after)]
            case client.LeaveRoom(room_id=room_id):
                return [Leave(slot, room_id)]
            case client.Resume(inbox_seq=inbox_seq, rooms=rooms):
                return [Resume(slot, inbox_seq, tuple(rooms.items()))]
            case client.TypingStart(room_id=room_id):
                return [Typing(slot, room_id, True)]
            case client.TypingStop(room_id=room_id):
                return [Typing(slot, room_id, False)]
            case client.Visibility(visible=visible):
                return [Look(slot, visible)]
        raise AssertionError(f"{type(data).__name__} is in the catalogue but not acted on")

    def _authenticate(self, slot: int, token: str, named: UUID | None, now: float) -> list[Action]:
        try:
            claims = self._read_token(token, now)
        except BadToken as error:
            return self.turned_away(slot, Failure("unauthenticated", str(error)), 4401)
        again = self.claims is not None
        if (named is not None and named != claims.user_id) or (
            self.claims is not None and self.claims.user_id != claims.user_id
        ):
            return self.turned_away(slot, Failure("forbidden", "the token is another person's"), 4403)
        self.claims = claims
        return [Open(slot, claims, again)]

    def _open_slot(self, frame_id: FrameId | None) -> int:
        number = self._next_slot
        self._next_slot += 1
        self._slots[number] = _Slot(frame_id)
        return number

    def _answered(self) -> list[Action]:
        """The answers that have become due."""
        due: list[Action] = []
        for number in tuple(self._slots):
            if (answer := self._slots[number].answer) is None:
                break
            del self._slots[number]
            if not self.closed:
                due.extend(Send(frame) for frame in answer)
        return due

    def _close(self, code: int, reason: str) -> list[Action]:
        if self.closed:
            return []
        self.closed = True
        return [Close(code, reason)]


def _traced(action: Action, traceparent: str) -> Action:
    return replace(action, traceparent=traceparent) if isinstance(action, Execute) else action
