"""The room against a plain model of one: lists and sets, in a Hypothesis state machine."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from commands.room import Room
from schemas.base import EventData
from schemas.envelope import Meta
from schemas.events.room import Member, MessagePosted
from schemas.ids import SYSTEM
from schemas.port import Refused

META = Meta(datetime(2026, 11, 24, tzinfo=UTC), SYSTEM, SYSTEM, SYSTEM, "")
PEOPLE = [UUID(int=number) for number in range(1, 6)]


class RoomMachine(RuleBasedStateMachine):
    """Every rule is tried on the room and on the model; both agree on whether it may be, and on what is after it."""

    messages = Bundle("messages")

    @initialize()
    def open(self) -> None:
        asker, expert = PEOPLE[:2]
        members = (
            Member(user_id=asker, user_name="a", role="asker"),
            Member(user_id=expert, user_name="b", role="expert"),
        )
        self.room = Room.open(uuid4(), uuid4(), asker, members, META)
        self.members: list[UUID] = [asker, expert]
        self.closed = False
        self.history: list[EventData] = []
        self.redacted: set[int] = set()

    def tried(self, allowed: bool, change: "object") -> bool:
        """Whether the room did it, which must be whether the model allows it."""
        before = self.room.version
        try:
            change()  # type: ignore[operator]
        except Refused:
            assert not allowed, "the room refused what the model allows"
            assert self.room.version == before
            return False
        assert allowed, "the room did what the model refuses"
        said = self.room.collect_events()
        self.history += [event.data for event in said if event.originator_version > 1]  # type: ignore[attr-defined]
        return True

    @rule(target=messages, who=st.sampled_from(PEOPLE))
    def post(self, who: UUID) -> int:
        allowed = who in self.members and not self.closed
        self.tried(allowed, lambda: self.room.post(who, uuid4(), "말", "text", "", META))
        return len(self.history)

    @rule(who=st.sampled_from(PEOPLE))
    def join(self, who: UUID) -> None:
        member = Member(user_id=who, user_name="c", role="guest")
        there = who in self.members
        if self.tried(there or not self.closed, lambda: self.room.join(member, None, META)) and not there:
            self.members.append(who)

    @rule(who=st.sampled_from(PEOPLE))
    def leave(self, who: UUID) -> None:
        if self.tried(who in self.members, lambda: self.room.leave(who, META)):
            self.members.remove(who)

    @rule(seq=messages, who=st.sampled_from(PEOPLE))
    def redact(self, seq: int, who: UUID) -> None:
        there = self.history[seq - 1] if 0 < seq <= len(self.history) else None
        allowed = isinstance(there, MessagePosted) and there.sender_id == who
        if self.tried(allowed, lambda: self.room.redact(who, seq, there, META)):
            self.redacted.add(seq)

    @rule()
    def close(self) -> None:
        self.tried(True, lambda: self.room.close("resolved", META))
        self.closed = True

    @rule()
    def reopen(self) -> None:
        self.tried(True, lambda: self.room.reopen(META))
        self.closed = False

    @invariant()
    def they_agree(self) -> None:
        if not hasattr(self, "room"):
            return
        state = self.room.state
        assert [member.user_id for member in state.members] == self.members
        assert (state.closed, set(state.redacted)) == (self.closed, self.redacted)
        assert self.room.last_seq == len(self.history)
        assert [getattr(data, "seq", None) for data in self.history] == list(range(1, len(self.history) + 1))


TestRoom = RoomMachine.TestCase
TestRoom.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
