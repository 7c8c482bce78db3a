"""The expert's capacity against a plain set, in a Hypothesis state machine."""

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from commands.expert import Expert
from schemas.envelope import Meta
from schemas.events.expert import ExpertEngaged, ExpertProfileSet, ExpertReleased, Specialty
from schemas.ids import SYSTEM
from schemas.port import Refused

META = Meta(datetime(2026, 11, 24, tzinfo=UTC), SYSTEM, SYSTEM, SYSTEM, "")
QUESTIONS = [UUID(int=number) for number in range(1, 6)]


def stated(capacity: int, available: bool) -> ExpertProfileSet:
    return ExpertProfileSet(
        expert_id=UUID(int=99),
        display_name="전문가",
        specialties=(Specialty(name="카프카", level=3),),
        experience_years=3,
        bio="",
        capacity=capacity,
        available=available,
        demo=False,
    )


class ExpertMachine(RuleBasedStateMachine):
    """Who accepts is checked first, as the handler does; what is open when the capacity shrinks stays open."""

    @initialize(capacity=st.integers(1, 3))
    def begin(self, capacity: int) -> None:
        self.expert = Expert.introduce(stated(capacity, True), META)
        self.capacity, self.available = capacity, True
        self.engaged: set[UUID] = set()
        self.expert.collect_events()

    @rule(capacity=st.integers(1, 3), available=st.booleans())
    def change(self, capacity: int, available: bool) -> None:
        self.expert.change(stated(capacity, available), META)
        self.capacity, self.available = capacity, available

    @rule(question=st.sampled_from(QUESTIONS))
    def accept(self, question: UUID) -> None:
        allowed = question in self.engaged or len(self.engaged) < self.capacity
        try:
            self.expert.check_room_for(question)
        except Refused:
            assert not allowed
            return
        assert allowed
        self.expert.engage(question, META)
        self.engaged.add(question)

    @rule(question=st.sampled_from(QUESTIONS))
    def release(self, question: UUID) -> None:
        self.expert.release(question, META)
        self.engaged.discard(question)

    @invariant()
    def they_agree(self) -> None:
        if not hasattr(self, "expert"):
            return
        assert set(self.expert.state.engaged) == self.engaged
        assert self.expert.takes_offers == (self.available and len(self.engaged) < self.capacity)
        for event in self.expert.collect_events():
            data = event.data  # type: ignore[attr-defined]
            if isinstance(data, ExpertEngaged | ExpertReleased):
                assert data.open_rooms == len(self.engaged)


TestExpert = ExpertMachine.TestCase
TestExpert.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
