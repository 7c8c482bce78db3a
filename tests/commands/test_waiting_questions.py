"""Questions that nobody was found for: tried again when somebody has become free, and only then."""

from uuid import UUID

import pytest

from commands.refusals import Forbidden
from schemas.commands.question import AcceptOffer, CancelQuestion, DeclineOffer, ResolveQuestion, ServeWaiting
from schemas.events.question import RoundRequested
from schemas.ids import SYSTEM
from tests.commands.deciding import RULES, World, profile, told, types


def unmatched(world: World, asker: UUID, *declining: UUID) -> UUID:
    """A question that those decline, and nobody else is found for."""
    question_id = world.question(asker)
    first = 1
    if declining:
        world.offer(question_id, *declining)
        for expert in declining:
            world.do(expert, DeclineOffer(question_id=question_id))
        first = 2
    for round_number in range(first, RULES.rounds + 1):
        world.offer(question_id, round=round_number)
    return question_id


def serve(question_id: UUID, expert: UUID, round_number: int = RULES.rounds) -> ServeWaiting:
    return ServeWaiting(question_id=question_id, round=round_number, expert_id=expert)


@pytest.fixture
def world() -> World:
    return World()


def test_it_is_searched_for_again_and_the_asker_is_told(world: World) -> None:
    asker, unwilling = world.person(), world.expert()
    question_id = unmatched(world, asker, unwilling)
    freed = world.expert()
    [again] = world.said(SYSTEM, serve(question_id, freed))

    assert isinstance(again, RoundRequested)
    assert (again.round, again.excluded) == (RULES.rounds + 1, (unwilling,))
    assert told(again) == [("question_status", asker)]
    assert types(world.offer(question_id, freed, round=again.round)) == ["QuestionMatched"]


def test_said_twice_it_is_searched_for_once(world: World) -> None:
    question_id, freed = unmatched(world, world.person()), world.expert()
    world.do(SYSTEM, serve(question_id, freed))
    assert world.said(SYSTEM, serve(question_id, freed)) == []
    # nor when it waits again, after a round that this knew nothing of
    for round_number in range(RULES.rounds + 1, 2 * RULES.rounds + 1):
        world.offer(question_id, round=round_number)
    assert world.said(SYSTEM, serve(question_id, freed)) == []


def test_nobody_who_is_full_away_or_was_asked_before_is_a_reason(world: World) -> None:
    asker, asked, away, full = world.person(), world.expert(), world.expert(available=False), world.expert()
    world.do(full, profile(capacity=1))
    taken = world.question(asker)
    world.offer(taken, full)
    world.do(full, AcceptOffer(question_id=taken))
    question_id = unmatched(world, asker, asked)

    for expert in (asked, away, full, asker):
        assert world.said(SYSTEM, serve(question_id, expert)) == []

    # but the one who was full is, once the other question is resolved
    world.do(asker, ResolveQuestion(question_id=taken))
    assert types(world.said(SYSTEM, serve(question_id, full))) == ["RoundRequested"]


def test_a_question_that_moved_on_is_left_alone(world: World) -> None:
    asker, freed = world.person(), world.expert()
    cancelled, pending = unmatched(world, asker), world.question(asker)
    world.do(asker, CancelQuestion(question_id=cancelled))
    assert world.said(SYSTEM, serve(cancelled, freed)) == []
    assert world.said(SYSTEM, serve(pending, freed, 1)) == []


def test_only_the_clock_says_so(world: World) -> None:
    asker, freed = world.person(), world.expert()
    question_id = unmatched(world, asker)
    with pytest.raises(Forbidden):
        world.do(asker, serve(question_id, freed))
