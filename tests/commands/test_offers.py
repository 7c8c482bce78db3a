"""Offers: who is asked, for how long, and what follows an answer or none."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from commands.refusals import AtCapacity, Forbidden, NotFound, OfferNotOpen
from schemas.base import EventData
from schemas.commands.question import AcceptOffer, CancelQuestion, DeclineOffer, ExpireOffer
from schemas.events.question import (
    OfferAccepted,
    OffersExpired,
    OffersWithdrawn,
    QuestionMatched,
    QuestionOffered,
    RoundRequested,
)
from schemas.events.room import RoomOpened, UserJoined
from schemas.ids import SYSTEM, room_of
from tests.commands.deciding import START, World, offer, told, types


def offered(data: EventData) -> list[UUID]:
    assert isinstance(data, QuestionMatched | QuestionOffered)
    return [one.expert_id for one in data.offers]


def expiry(question_id: UUID, expert: UUID, round: int = 1) -> ExpireOffer:
    return ExpireOffer(question_id=question_id, expert_id=expert, round=round)


def test_the_best_are_offered_and_the_others_wait_on_the_bench(world: World) -> None:
    asker = world.person()
    one, two, three = world.expert("하나"), world.expert("둘"), world.expert("셋")
    (matched,) = world.offer(world.question(asker, urgency="high"), one, two, three)

    assert isinstance(matched, QuestionMatched)
    assert [candidate.display_name for candidate in matched.candidates] == ["하나", "둘", "셋"]
    assert [made.display_name for made in matched.offers] == ["하나", "둘"]
    assert {made.expires_at for made in matched.offers} == {START + timedelta(minutes=3)}
    assert told(matched) == [
        ("question_assigned", one),
        ("question_assigned", two),
        ("expert_matched", asker),
        ("question_status", asker),
    ]


def test_who_may_not_or_cannot_is_passed_over(world: World) -> None:
    asker = world.person("both")
    full, away, demo, fit = (
        world.expert(capacity=1),
        world.expert(available=False),
        world.expert(demo=True),
        world.expert(),
    )
    world.room(world.person(), full)
    unknown, no_profile = uuid4(), world.person("expert")
    (matched,) = world.offer(world.question(asker), asker, full, away, demo, unknown, no_profile, fit, fit)
    assert offered(matched) == [fit]


def test_demo_experts_are_offered_the_questions_of_demo_accounts(world: World) -> None:
    demo, real = world.expert(demo=True), world.expert()
    (matched,) = world.offer(world.question(world.person(demo=True)), demo, real)
    assert offered(matched) == [demo, real]


def test_a_ranking_for_another_round_or_after_the_match_changes_nothing(world: World) -> None:
    question_id, expert = world.question(world.person()), world.expert()
    assert world.offer(question_id, expert, round=2) == []
    assert len(world.offer(question_id, expert)) == 1
    assert world.offer(question_id, world.expert()) == []
    assert world.offer(question_id, world.expert(), round=2) == []


def test_no_person_sends_what_the_matcher_and_the_clock_send(world: World) -> None:
    asker, expert = world.person(), world.expert()
    question_id = world.question(asker)
    for command in (offer(question_id, expert), expiry(question_id, expert)):
        with pytest.raises(Forbidden):
            world.do(asker, command)


def test_nobody_found_is_a_wider_round_and_in_the_end_unmatched(world: World) -> None:
    asker = world.person()
    question_id = world.question(asker)
    (wider,) = world.offer(question_id)
    assert isinstance(wider, RoundRequested)
    assert (wider.round, wider.excluded, told(wider)) == (2, (), [])
    (unmatched,) = world.offer(question_id, round=2)
    assert types([unmatched]) == ["QuestionUnmatched"]
    assert told(unmatched) == [("question_status", asker)]


def test_the_first_acceptance_opens_the_room(world: World) -> None:
    asker, expert, other = world.person(name="지민"), world.expert("서연"), world.expert()
    question_id = world.question(asker)
    world.offer(question_id, expert, other)
    room_id = room_of(question_id)

    answer = world.do(expert, AcceptOffer(question_id=question_id))

    said = [event.data for event in world.memory.events[-3:]]
    assert types(said) == ["ExpertEngaged", "OfferAccepted", "RoomOpened"]
    accepted, opened = said[1:]
    assert isinstance(accepted, OfferAccepted)
    assert (accepted.first, accepted.room_id, accepted.offered_at) == (True, room_id, START)
    assert told(accepted) == [("question_status", asker)]
    assert isinstance(opened, RoomOpened)
    assert [(m.user_id, m.user_name, m.role) for m in opened.members] == [
        (asker, "지민", "asker"),
        (expert, "서연", "expert"),
    ]
    assert told(opened) == [("room_opened", asker), ("room_opened", expert)]
    assert answer.result == {
        "questionId": str(question_id),
        "roomId": str(room_id),
        "status": "in_progress",
    }


def test_a_later_acceptance_joins_and_the_last_one_takes_the_rest_back(world: World) -> None:
    world.rules = type(world.rules)(3, 2, 2, world.rules.offer_lifetimes, world.rules.reopen_within)
    asker, one, two, three = world.person(), world.expert(), world.expert("둘"), world.expert()
    question_id = world.question(asker)
    world.offer(question_id, one, two, three)
    world.do(one, AcceptOffer(question_id=question_id))

    said = world.said(two, AcceptOffer(question_id=question_id))

    assert types(said) == ["ExpertEngaged", "OfferAccepted", "OffersWithdrawn", "UserJoined"]
    withdrawn, joined = said[2:]
    assert isinstance(withdrawn, OffersWithdrawn)
    assert (withdrawn.expert_ids, withdrawn.reason) == ((three,), "taken")
    assert told(withdrawn) == [("offer_closed", three)]
    assert isinstance(joined, UserJoined)
    assert (joined.seq, joined.user_name, joined.role) == (1, "둘", "expert")
    assert [m.user_id for m in joined.members] == [asker, one, two]
    assert told(joined) == [("room_opened", two)]
    with pytest.raises(OfferNotOpen):
        world.do(three, AcceptOffer(question_id=question_id))


def test_accepting_twice_answers_the_same_and_says_nothing(world: World) -> None:
    expert = world.expert()
    question_id = world.question(world.person())
    world.offer(question_id, expert)
    first = world.do(expert, AcceptOffer(question_id=question_id))
    before = len(world.memory.events)
    assert world.do(expert, AcceptOffer(question_id=question_id)) == first
    assert len(world.memory.events) == before


def test_accepting_past_capacity_is_refused_and_the_offer_stays_open(world: World) -> None:
    expert = world.expert(capacity=1)
    first, second = world.question(world.person()), world.question(world.person())
    world.offer(first, expert)
    world.offer(second, expert)
    world.do(expert, AcceptOffer(question_id=first))
    with pytest.raises(AtCapacity):
        world.do(expert, AcceptOffer(question_id=second))
    world.do(expert, DeclineOffer(question_id=second))


@pytest.mark.parametrize("kind", [AcceptOffer, DeclineOffer])
def test_only_an_open_offer_can_be_answered(world: World, kind: type[AcceptOffer | DeclineOffer]) -> None:
    asker, expert, stranger = world.person(), world.expert(), world.expert()
    question_id = world.question(asker)
    world.offer(question_id, expert)
    with pytest.raises(OfferNotOpen):
        world.do(stranger, kind(question_id=question_id))
    with pytest.raises(NotFound):
        world.do(expert, kind(question_id=uuid4()))
    world.now += timedelta(minutes=10)
    with pytest.raises(OfferNotOpen):
        world.do(expert, kind(question_id=question_id))
    world.do(asker, CancelQuestion(question_id=question_id))
    with pytest.raises(OfferNotOpen):
        world.do(expert, kind(question_id=question_id))


def test_a_decline_brings_the_next_who_is_free(world: World) -> None:
    one, two, full, four = (
        world.expert(),
        world.expert(),
        world.expert(capacity=1),
        world.expert(),
    )
    question_id = world.question(world.person())
    world.offer(question_id, one, two, full, four)
    world.room(world.person(), full)

    said = world.said(one, DeclineOffer(question_id=question_id))

    assert types(said) == ["OfferDeclined", "QuestionOffered"]
    assert offered(said[1]) == [four]
    assert told(said[1]) == [("question_assigned", four)]


def test_a_new_deadline_begins_with_a_new_offer(world: World) -> None:
    one, two, three = world.expert(), world.expert(), world.expert()
    question_id = world.question(world.person())
    world.offer(question_id, one, two, three)
    world.now += timedelta(minutes=9)
    offered_later = world.said(one, DeclineOffer(question_id=question_id))[1]
    assert isinstance(offered_later, QuestionOffered)
    assert offered_later.offers[0].expires_at == world.now + timedelta(minutes=10)


def test_an_offer_ends_at_its_deadline_not_before_and_once(world: World) -> None:
    one, two, three = world.expert(), world.expert(), world.expert()
    question_id = world.question(world.person())
    world.offer(question_id, one, two, three)
    assert world.said(SYSTEM, expiry(question_id, one)) == []
    world.now += timedelta(minutes=10)
    assert world.said(SYSTEM, expiry(question_id, one, round=2)) == []

    said = world.said(SYSTEM, expiry(question_id, one))

    assert types(said) == ["OffersExpired", "QuestionOffered"]
    assert isinstance(said[0], OffersExpired)
    assert said[0].expert_ids == (one,)
    assert told(said[0]) == [("offer_closed", one)]
    assert offered(said[1]) == [three]
    assert world.said(SYSTEM, expiry(question_id, one)) == []


def test_when_everyone_said_no_the_search_goes_wider_without_them(world: World) -> None:
    asker, one, two, three = world.person(), world.expert(), world.expert(), world.expert()
    question_id = world.question(asker)
    world.offer(question_id, one, two)
    assert types(world.said(one, DeclineOffer(question_id=question_id))) == ["OfferDeclined"]

    _, wider = world.said(two, DeclineOffer(question_id=question_id))

    assert isinstance(wider, RoundRequested)
    assert (wider.round, wider.excluded) == (2, (one, two))
    assert told(wider) == [("question_status", asker)]
    (matched,) = world.offer(question_id, one, three, two, round=2)
    assert offered(matched) == [three]
    assert types(world.said(three, DeclineOffer(question_id=question_id))) == [
        "OfferDeclined",
        "QuestionUnmatched",
    ]


def test_in_progress_a_decline_brings_nobody_and_other_offers_stay(world: World) -> None:
    one, two, three = world.expert(), world.expert(), world.expert()
    world.rules = type(world.rules)(3, 3, 2, world.rules.offer_lifetimes, world.rules.reopen_within)
    question_id = world.question(world.person())
    four = world.expert()
    world.offer(question_id, one, two, three, four)
    world.do(one, AcceptOffer(question_id=question_id))
    assert types(world.said(two, DeclineOffer(question_id=question_id))) == ["OfferDeclined"]
    assert "UserJoined" in types(world.said(three, AcceptOffer(question_id=question_id)))
