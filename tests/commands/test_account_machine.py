"""The account and the read mark against plain values, in Hypothesis state machines."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from commands.account import Account
from commands.reading import Reading
from schemas.base import Role
from schemas.envelope import Meta
from schemas.events.room import ReadMarked
from schemas.ids import SYSTEM
from schemas.port import Refused

META = Meta(datetime(2026, 11, 24, tzinfo=UTC), SYSTEM, SYSTEM, SYSTEM, "")
ROLES: list[Role] = ["questioner", "expert", "both", "operator"]
ME = UUID(int=1)


def mark(seq: int) -> ReadMarked:
    return ReadMarked(room_id=UUID(int=2), question_id=UUID(int=3), user_id=ME, up_to_seq=seq)


class AccountMachine(RuleBasedStateMachine):
    """Nobody makes themselves an operator; what does not change says nothing."""

    @initialize(role=st.sampled_from(ROLES[:3]))
    def register(self, role: Role) -> None:
        self.account = Account.register(ME, role, "지민", False, META)
        self.role, self.name, self.events = role, "지민", 1

    @rule(role=st.none() | st.sampled_from(ROLES), name=st.none() | st.sampled_from(["지민", "서연"]))
    def change(self, role: Role | None, name: str | None) -> None:
        if role == "operator" and self.role != "operator":
            with pytest.raises(Refused):
                self.account.change(role, name, META)
            return
        self.account.change(role, name, META)
        self.becomes(role or self.role, name or self.name)

    @rule(role=st.sampled_from(ROLES))
    def grant(self, role: Role) -> None:
        self.account.grant(role, META)
        self.becomes(role, self.name)

    def becomes(self, role: Role, name: str) -> None:
        self.events += (role, name) != (self.role, self.name)
        self.role, self.name = role, name

    @invariant()
    def they_agree(self) -> None:
        if not hasattr(self, "account"):
            return
        assert (self.account.state.role, self.account.state.display_name) == (self.role, self.name)
        assert self.account.version == self.events
        assert self.account.asks == (self.role in ("questioner", "both", "operator"))
        assert self.account.answers == (self.role in ("expert", "both", "operator"))


TestAccount = AccountMachine.TestCase
TestAccount.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)


@given(st.lists(st.integers(0, 50), min_size=1))
def test_a_read_mark_is_the_highest_there_was(seqs: list[int]) -> None:
    reading = Reading.start(mark(seqs[0]), META)
    for number, seq in enumerate(seqs[1:], start=2):
        reading.advance(mark(seq), META)
        assert reading.state.up_to_seq == max(seqs[:number])
    assert reading.version == sum(seq > max(seqs[:n], default=-1) for n, seq in enumerate(seqs))
