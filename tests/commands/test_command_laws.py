"""What holds after any sequence of commands, by whoever, in whatever order (Hypothesis)."""

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from commands.desk import Desk
from commands.event_mapper import CatalogueMapper
from commands.expert import Expert
from commands.question import Question
from commands.room import Room
from commands.sourced import Sourced
from schemas.commands import Command
from schemas.commands.question import (
    AcceptOffer,
    CancelQuestion,
    DeclineOffer,
    ExpireOffer,
    RateExpert,
    ReopenQuestion,
    ResolveQuestion,
    RetryMatching,
)
from schemas.commands.room import InviteToRoom, LeaveRoom, MarkRead, OpenRoom, PostMessage, RedactMessage
from schemas.events.expert import ExpertEngaged
from schemas.events.question import OfferAccepted, Told
from schemas.ids import SYSTEM, expert_stream, room_of
from schemas.port import Refused
from tests.commands.deciding import World, offer, profile

PEOPLE, QUESTIONS = 6, 3
CAPACITY = 2
Step = tuple[str, int, int, int]
KINDS = (
    *("offer", "accept", "decline", "expire", "retry", "resolve", "cancel", "reopen", "rate", "accept"),
    *("post", "redact", "invite", "leave", "read", "open", "wait", "profile", "accept", "offer", "offer"),
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.integers(0, PEOPLE - 1),
        st.integers(0, QUESTIONS - 1),
        st.integers(0, 5),
    ),
    max_size=60,
)


@dataclass
class Place:
    """Some people, all of whom ask and answer, and some questions."""

    world: World
    people: list[UUID]
    questions: list[UUID]

    def command(self, step: Step) -> tuple[UUID, Command] | None:
        """The step as a command and who sends it."""
        kind, person, which, number = step
        user, question_id = self.people[person], self.questions[which]
        room_id, other = room_of(question_id), self.people[(person + number) % PEOPLE]
        asker = self.people[which]
        question = self.world.memory.aggregates[question_id]
        assert isinstance(question, Question)
        ranking = (*self.people[person:], *self.people[:person])
        current = question.state.round
        made: dict[str, Callable[[], tuple[UUID, Command]]] = {
            "offer": lambda: (SYSTEM, offer(question_id, *ranking[:number], round=current)),
            "accept": lambda: (user, AcceptOffer(question_id=question_id)),
            "decline": lambda: (user, DeclineOffer(question_id=question_id)),
            "expire": lambda: (
                SYSTEM,
                ExpireOffer(question_id=question_id, expert_id=user, round=current),
            ),
            "retry": lambda: (asker, RetryMatching(question_id=question_id)),
            "resolve": lambda: (asker, ResolveQuestion(question_id=question_id)),
            "cancel": lambda: (asker, CancelQuestion(question_id=question_id)),
            "reopen": lambda: (asker, ReopenQuestion(question_id=question_id)),
            "rate": lambda: (
                asker,
                RateExpert(question_id=question_id, expert_id=user, stars=1 + number % 5),
            ),
            "post": lambda: (user, PostMessage(room_id=room_id, message_id=uuid4(), content="말")),
            "redact": lambda: (user, RedactMessage(room_id=room_id, seq=1 + number)),
            "invite": lambda: (user, InviteToRoom(room_id=room_id, user_id=other)),
            "leave": lambda: (user, LeaveRoom(room_id=room_id)),
            "read": lambda: (user, MarkRead(room_id=room_id, up_to_seq=number)),
            "open": lambda: (user, OpenRoom(question_id=question_id, participant_ids=(other,))),
            "profile": lambda: (user, profile(capacity=CAPACITY, available=number > 0)),
        }
        return made[kind]() if kind in made else None


def after(steps: list[Step]) -> Place:
    """What is there after `steps`, refused ones included."""
    world = World()
    people = [world.person("both") for _ in range(PEOPLE)]
    for user in people:
        world.do(user, profile(capacity=CAPACITY))
    place = Place(world, people, [world.question(people[i]) for i in range(QUESTIONS)])
    for step in steps:
        if step[0] == "wait":
            world.now += timedelta(minutes=step[3] * 5)
        elif command := place.command(step):
            with suppress(Refused):
                world.do(*command)
    return place


@given(STEPS)
@settings(max_examples=80, deadline=None)
def test_invariants_hold_after_any_commands(steps: list[Step]) -> None:
    place = after(steps)
    world = place.world
    versions: dict[UUID, int] = defaultdict(int)
    accepted: dict[UUID, set[UUID]] = defaultdict(set)
    for event in world.memory.events:
        versions[event.originator_id] += 1
        assert event.originator_version == versions[event.originator_id]
        if hasattr(event.data, "seq"):
            assert event.data.seq == event.originator_version - 1
        if isinstance(event.data, OfferAccepted):
            assert event.data.first == (not accepted[event.data.question_id])
            accepted[event.data.question_id].add(event.data.expert_id)
    for index, question_id in enumerate(place.questions):
        question = world.memory.aggregates[question_id]
        assert isinstance(question, Question)
        state, asker = question.state, place.people[index]
        assert len(state.accepted) == len(set(state.accepted)) <= world.rules.acceptances
        assert asker not in state.asked
        assert len(state.asked) == len(set(state.asked))
        assert (not state.offers) or state.status in ("matched", "in_progress")
        assert state.status != "matched" or state.offers
        room = world.memory.aggregates.get(room_of(question_id))
        assert (room is not None) == bool(state.accepted)
        if isinstance(room, Room):
            assert room.state.closed == (state.status in ("resolved", "cancelled"))
            assert len(room.state.members) == len({member.user_id for member in room.state.members})


@given(STEPS)
@settings(max_examples=50, deadline=None)
def test_capacity_is_never_exceeded_by_accepting(steps: list[Step]) -> None:
    world = after(steps).world
    by_command: dict[UUID, list[Sourced.Event]] = defaultdict(list)
    for event in world.memory.events:
        by_command[event.meta.command_id].append(event)
    for events in by_command.values():
        if any(isinstance(event.data, OfferAccepted) for event in events):
            engaged = [event.data for event in events if isinstance(event.data, ExpertEngaged)]
            assert len(engaged) == 1
            assert engaged[0].open_rooms <= CAPACITY


@given(STEPS)
@settings(max_examples=50, deadline=None)
def test_engagements_are_the_open_rooms_one_is_in_as_an_expert(steps: list[Step]) -> None:
    place = after(steps)
    aggregates = place.world.memory.aggregates
    rooms = [room for room in aggregates.values() if isinstance(room, Room)]
    for user in place.people:
        expert = aggregates[expert_stream(user)]
        assert isinstance(expert, Expert)
        open_in = {
            room.state.question_id
            for room in rooms
            if not room.state.closed
            and any(one.user_id == user and one.role == "expert" for one in room.state.members)
        }
        assert set(expert.state.engaged) == open_in


@given(STEPS)
@settings(max_examples=30, deadline=None)
def test_aggregates_made_from_stored_bytes_are_those_that_decided(steps: list[Step]) -> None:
    world = after(steps).world
    mapper = CatalogueMapper(lambda owner: owner.bytes * 2)
    made: dict[UUID, Sourced] = {}
    for event in world.memory.events:
        again = mapper.to_domain_event(mapper.to_stored_event(event))
        made[event.originator_id] = again.mutate(made.get(event.originator_id))  # type: ignore[attr-defined]
    for id_, aggregate in world.memory.aggregates.items():
        assert (made[id_].version, made[id_].state) == (aggregate.version, aggregate.state)  # type: ignore[attr-defined]


@given(STEPS)
@settings(max_examples=20, deadline=None)
def test_who_is_told_something_is_in_the_world_and_told_once_per_event(steps: list[Step]) -> None:
    place = after(steps)
    for event in place.world.memory.events:
        everyone: tuple[Told, ...] = getattr(event.data, "told", ())
        pairs = [(one.user_id, one.frame) for one in everyone]
        assert len(pairs) == len(set(pairs))
        assert {user for user, _ in pairs} <= set(place.people)


def test_a_desk_sees_what_an_earlier_command_of_the_turn_did() -> None:
    world = World()
    asker, expert = world.person(), world.expert()
    room_id = world.room(asker, expert)
    desk = Desk(world.memory, world.rules)
    for seq in (1, 2):
        desk.begin()
        room = desk.get(Room, room_id)
        assert room is not None
        assert room.last_seq == seq - 1
        event = world.memory.events[-1]
        room.post(asker, uuid4(), "말", "text", "", event.meta)
        (said,) = desk.gather()
        assert desk.event(room_id, seq + 1) == said.data
    assert [event.originator_version for event in desk.said] == [2, 3]
