"""A question may be put in other words until somebody accepts it; who was asked is told."""

from uuid import UUID

import pytest

from commands.refusals import Conflict, Forbidden
from schemas.commands.question import AcceptOffer, DeclineOffer, EditQuestion
from schemas.events.question import QuestionEdited, QuestionMatched, QuestionOffered
from tests.commands.deciding import World, offer, told


def edited(question_id: UUID) -> EditQuestion:
    return EditQuestion(
        question_id=question_id, content="카프카가 왜 멈출까요?", category="카프카", urgency="high"
    )


def test_before_the_match_the_matched_event_has_the_new_words(world: World) -> None:
    asker, expert = world.person(), world.expert()
    question_id = world.question(asker)
    (said,) = world.said(asker, edited(question_id))
    assert isinstance(said, QuestionEdited)
    assert told(said) == []
    (matched,) = world.offer(question_id, expert)
    assert isinstance(matched, QuestionMatched)
    assert (matched.content, matched.category, matched.urgency) == ("카프카가 왜 멈출까요?", "카프카", "high")


def test_who_has_an_open_offer_is_told_with_that_offer_and_who_declined_is_not(world: World) -> None:
    asker, one, two = world.person(), world.expert(), world.expert()
    question_id = world.question(asker)
    (matched,) = world.offer(question_id, one, two)
    world.do(two, DeclineOffer(question_id=question_id))
    (said,) = world.said(asker, edited(question_id))
    assert isinstance(said, QuestionEdited)
    assert isinstance(matched, QuestionMatched)
    assert told(said) == [("question_assigned", one)]
    assert said.offers == matched.offers[:1]


def test_the_next_candidate_reads_the_new_words(world: World) -> None:
    asker, one, two, three = world.person(), world.expert(), world.expert(), world.expert()
    question_id = world.question(asker)
    world.do(UUID(int=0), offer(question_id, one, two, three))
    world.do(asker, edited(question_id))
    _, offered = world.said(one, DeclineOffer(question_id=question_id))
    assert isinstance(offered, QuestionOffered)
    assert offered.content == "카프카가 왜 멈출까요?"


def test_the_same_words_say_nothing(world: World) -> None:
    asker = world.person()
    question_id = world.question(asker)
    world.do(asker, edited(question_id))
    assert world.said(asker, edited(question_id)) == []


def test_what_was_accepted_stays_as_it_was_accepted(world: World) -> None:
    asker, expert = world.person(), world.expert()
    question_id = world.question(asker)
    world.offer(question_id, expert)
    world.do(expert, AcceptOffer(question_id=question_id))
    with pytest.raises(Conflict):
        world.do(asker, edited(question_id))


def test_another_person_does_not_edit_it(world: World) -> None:
    question_id = world.question(world.person())
    with pytest.raises(Forbidden):
        world.do(world.person(), edited(question_id))
