"""The expert aggregate: what a person takes on, and what they have taken on. Its stream is `expert_stream(user)`."""

from datetime import datetime
from typing import ClassVar, cast
from uuid import UUID

from commands.refusals import AtCapacity
from commands.sourced import Sourced, State
from schemas.base import EventData
from schemas.envelope import Meta
from schemas.events.expert import ExpertEngaged, ExpertProfileSet, ExpertReleased
from schemas.ids import expert_stream


class ExpertState(State):
    """How much an expert takes, and the questions they are engaged in."""

    expert_id: UUID
    capacity: int
    available: bool
    demo: bool
    engaged: tuple[UUID, ...] = ()


class Expert(Sourced):
    """One expert."""

    NAME: ClassVar[str] = "expert"
    STATE: ClassVar[type[State]] = ExpertState
    ORDER: ClassVar[int] = 1

    @property
    def state(self) -> ExpertState:
        """What is remembered."""
        return cast(ExpertState, self._state)

    @classmethod
    def introduce(cls, profile: ExpertProfileSet, meta: Meta) -> "Expert":
        """A person states for the first time what they know."""
        return cls.begin(expert_stream(profile.expert_id), profile, meta)

    def change(self, profile: ExpertProfileSet, meta: Meta) -> None:
        """State it anew. Rooms that are open stay, also past a smaller capacity."""
        self.say(profile, meta)

    @property
    def takes_offers(self) -> bool:
        """Whether another offer makes sense."""
        return self.state.available and not self.full

    @property
    def full(self) -> bool:
        """At capacity."""
        return len(self.state.engaged) >= self.state.capacity

    def check_room_for(self, question_id: UUID) -> None:
        """Refuses if this expert cannot take on `question_id` as well."""
        if question_id not in self.state.engaged and self.full:
            raise AtCapacity(f"you are in {len(self.state.engaged)} rooms, which is as many as you take")

    def engage(self, question_id: UUID, meta: Meta) -> None:
        """Take on a question. Coming back to one that is opened again is not held against the capacity."""
        if question_id not in self.state.engaged:
            count = len(self.state.engaged) + 1
            self.say(
                ExpertEngaged(expert_id=self.state.expert_id, question_id=question_id, open_rooms=count), meta
            )

    def release(self, question_id: UUID, meta: Meta) -> None:
        """Be done with a question."""
        if question_id in self.state.engaged:
            count = len(self.state.engaged) - 1
            self.say(
                ExpertReleased(expert_id=self.state.expert_id, question_id=question_id, open_rooms=count),
                meta,
            )

    def when(self, data: EventData, at: datetime) -> None:
        match data:
            case ExpertProfileSet() if self.version == 1:
                self.remember(
                    ExpertState(
                        expert_id=data.expert_id,
                        capacity=data.capacity,
                        available=data.available,
                        demo=data.demo,
                    )
                )
            case ExpertProfileSet():
                self.state.capacity = data.capacity
                self.state.available = data.available
                self.state.demo = data.demo
            case ExpertEngaged():
                self.state.engaged = (*self.state.engaged, data.question_id)
            case ExpertReleased():
                self.state.engaged = tuple(q for q in self.state.engaged if q != data.question_id)
