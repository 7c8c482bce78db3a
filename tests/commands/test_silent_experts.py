"""An expert who accepts and says nothing is not waited for: the question goes on to others, and the room stays."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from commands.refusals import Forbidden
from schemas.commands.question import (
    AcceptOffer,
    DeclineOffer,
    ExpireOffer,
    GoOnWithout,
    ReopenQuestion,
    ResolveQuestion,
)
from schemas.commands.room import PostMessage
from schemas.events.question import (
    ExpertSilent,
    OffersExpired,
    QuestionMatched,
    QuestionOffered,
    RoundRequested,
)
from schemas.ids import SYSTEM, room_of
from tests.commands.deciding import RULES, World, told, types

TIME = timedelta(minutes=10)


@pytest.fixture
def world() -> World:
    """One acceptance is enough here, so that an acceptance closes the other offers."""
    return World(replace(RULES, acceptances=1))


def accepted(world: World, asker: UUID, expert: UUID, *others: UUID) -> UUID:
    question_id = world.question(asker)
    world.offer(question_id, expert, *others)
    world.do(expert, AcceptOffer(question_id=question_id))
    return question_id


def without(question_id: UUID, expert: UUID) -> GoOnWithout:
    return GoOnWithout(question_id=question_id, expert_id=expert)


def says_something(world: World, question_id: UUID, who: UUID) -> None:
    command = PostMessage(
        room_id=room_of(question_id), message_id=uuid4(), content="안녕하세요", client_msg_id="1"
    )
    world.do(who, command)


def test_the_next_on_the_bench_is_asked_and_the_asker_told(world: World) -> None:
    asker, silent, second, third = world.person(), world.expert(), world.expert(), world.expert("셋")
    question_id = accepted(world, asker, silent, second, third)
    world.now += TIME
    gone, offered = world.said(SYSTEM, without(question_id, silent))

    assert isinstance(gone, ExpertSilent)
    assert isinstance(offered, QuestionOffered)
    assert [one.expert_id for one in offered.offers] == [third]
    assert told(offered) == [("question_assigned", third), ("expert_matched", asker)]


def test_the_substitute_takes_the_place_although_only_one_may_accept(world: World) -> None:
    asker, silent, second, third = world.person(), world.expert(), world.expert(), world.expert()
    question_id = accepted(world, asker, silent, second, third)
    world.now += TIME
    world.do(SYSTEM, without(question_id, silent))
    assert types(world.said(third, AcceptOffer(question_id=question_id))) == [
        "ExpertEngaged",
        "OfferAccepted",
        "UserJoined",
    ]


@pytest.mark.parametrize("early", [timedelta(0), TIME - timedelta(seconds=1)])
def test_nobody_is_passed_over_before_the_time(world: World, early: timedelta) -> None:
    asker, expert = world.person(), world.expert()
    question_id = accepted(world, asker, expert)
    world.now += early
    assert world.said(SYSTEM, without(question_id, expert)) == []


def test_who_has_said_something_is_not_silent(world: World) -> None:
    asker, expert, other = world.person(), world.expert(), world.expert()
    question_id = accepted(world, asker, expert, other)
    says_something(world, question_id, asker)
    says_something(world, question_id, expert)
    world.now += TIME
    assert world.said(SYSTEM, without(question_id, expert)) == []


def test_it_is_said_once(world: World) -> None:
    asker, silent, second, third, fourth = (
        world.person(),
        world.expert(),
        world.expert(),
        world.expert(),
        world.expert(),
    )
    question_id = accepted(world, asker, silent, second, third, fourth)
    world.now += TIME
    assert types(world.said(SYSTEM, without(question_id, silent))) == ["ExpertSilent", "QuestionOffered"]
    assert world.said(SYSTEM, without(question_id, silent)) == []


def test_a_substitute_who_says_no_is_followed_by_another_and_then_it_is_searched_wider(world: World) -> None:
    asker, silent, second, third, fourth = (
        world.person(),
        world.expert(),
        world.expert(),
        world.expert(),
        world.expert(),
    )
    question_id = accepted(world, asker, silent, second, third, fourth)
    world.now += TIME
    world.do(SYSTEM, without(question_id, silent))
    assert types(world.said(third, DeclineOffer(question_id=question_id))) == [
        "OfferDeclined",
        "QuestionOffered",
    ]
    world.now += TIME
    expire = ExpireOffer(question_id=question_id, expert_id=fourth, round=1)
    expired, wider = world.said(SYSTEM, expire)
    assert isinstance(expired, OffersExpired)
    assert isinstance(wider, RoundRequested)
    assert (wider.round, wider.in_progress, told(wider)) == (2, True, [])
    assert set(wider.excluded) == {silent, second, third, fourth}


def searching(world: World, asker: UUID, silent: UUID) -> UUID:
    """A question whose only candidate accepted and said nothing: others are looked for."""
    question_id = accepted(world, asker, silent)
    world.now += TIME
    assert types(world.said(SYSTEM, without(question_id, silent))) == ["ExpertSilent", "RoundRequested"]
    return question_id


def test_who_is_found_wider_is_asked_into_the_open_room(world: World) -> None:
    asker, silent, found = world.person(), world.expert(), world.expert()
    question_id = searching(world, asker, silent)
    (matched,) = world.offer(question_id, silent, found, round=2)

    assert isinstance(matched, QuestionMatched)
    assert matched.in_progress
    assert [one.expert_id for one in matched.offers] == [found], "who was silent is not asked again"
    assert told(matched) == [("question_assigned", found), ("expert_matched", asker)]
    said = world.said(found, AcceptOffer(question_id=question_id))
    assert types(said) == ["ExpertEngaged", "OfferAccepted", "UserJoined"]
    assert world.offer(question_id, found, round=2) == [], "no more is waited for"


def test_where_nobody_is_found_the_room_stays_as_it_is(world: World) -> None:
    asker, silent = world.person(), world.expert()
    question_id = searching(world, asker, silent)
    for number in range(2, RULES.rounds):
        assert types(world.offer(question_id, round=number)) == ["RoundRequested"]
    assert world.offer(question_id, round=RULES.rounds) == []
    says_something(world, question_id, silent)


def test_a_room_that_has_ended_looks_for_nobody(world: World) -> None:
    asker, silent, found = world.person(), world.expert(), world.expert()
    question_id = searching(world, asker, silent)
    world.do(asker, ResolveQuestion(question_id=question_id))
    assert world.offer(question_id, found, round=2) == []
    world.do(asker, ReopenQuestion(question_id=question_id))
    assert world.offer(question_id, found, round=2) == []


def test_while_another_talks_nobody_else_is_asked() -> None:
    world = World()
    asker, talking, silent, third = world.person(), world.expert(), world.expert(), world.expert()
    question_id = world.question(asker)
    world.offer(question_id, talking, silent, third)
    for expert in (talking, silent):
        world.do(expert, AcceptOffer(question_id=question_id))
    says_something(world, question_id, talking)
    world.now += TIME
    assert types(world.said(SYSTEM, without(question_id, silent))) == ["ExpertSilent"]


def test_only_the_clock_says_so(world: World) -> None:
    asker, expert = world.person(), world.expert()
    question_id = accepted(world, asker, expert)
    world.now += TIME
    with pytest.raises(Forbidden):
        world.do(asker, without(question_id, expert))
