"""Experts: their profile and how many rooms they are in."""

from uuid import uuid4

import pytest

from commands.expert import Expert
from commands.handlers import meta_of
from commands.refusals import AtCapacity, Forbidden
from schemas.envelope import Context
from schemas.events.expert import ExpertEngaged, ExpertProfileSet, ExpertReleased
from tests.commands.deciding import START, World, profile

META = meta_of(Context(uuid4(), uuid4(), START, uuid4()))


def an_expert(capacity: int) -> Expert:
    said = ExpertProfileSet(
        expert_id=uuid4(),
        display_name="서연",
        specialties=(),
        experience_years=1,
        capacity=capacity,
        available=True,
    )
    return Expert.introduce(said, META)


def test_a_profile_carries_the_name_of_the_account(world: World) -> None:
    user = world.person("both", "서연", demo=True)
    (said,) = world.said(user, profile(capacity=2))
    assert isinstance(said, ExpertProfileSet)
    assert (said.display_name, said.capacity, said.demo) == ("서연", 2, True)
    assert [one.name for one in said.specialties] == ["카프카"]
    assert len(world.said(user, profile(capacity=4))) == 1


def test_who_only_asks_has_no_profile(world: World) -> None:
    with pytest.raises(Forbidden):
        world.do(world.person("questioner"), profile())


def test_rooms_are_counted_and_capacity_holds() -> None:
    expert, first, second = an_expert(1), uuid4(), uuid4()
    expert.engage(first, META)
    with pytest.raises(AtCapacity):
        expert.check_room_for(second)
    expert.check_room_for(first)
    expert.engage(first, META)
    expert.release(second, META)
    expert.release(first, META)
    said = [event.data for event in expert.said()][1:]
    assert said == [
        ExpertEngaged(expert_id=expert.state.expert_id, question_id=first, open_rooms=1),
        ExpertReleased(expert_id=expert.state.expert_id, question_id=first, open_rooms=0),
    ]
    assert expert.takes_offers


def test_a_smaller_capacity_leaves_open_rooms_alone() -> None:
    expert = an_expert(3)
    for _ in range(3):
        expert.engage(uuid4(), META)
    expert.change(
        ExpertProfileSet(
            expert_id=expert.state.expert_id,
            display_name="서연",
            specialties=(),
            experience_years=1,
            capacity=1,
            available=True,
        ),
        META,
    )
    assert len(expert.state.engaged) == 3
    assert not expert.takes_offers
