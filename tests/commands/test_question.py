"""Questions: what the asker may do, and when."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from commands.expert import Expert
from commands.question import Question
from commands.refusals import Conflict, Forbidden, Invalid, NotFound
from schemas.base import Role
from schemas.commands import Command
from schemas.commands.question import (
    AcceptOffer,
    AskQuestion,
    CancelQuestion,
    RateExpert,
    ReopenQuestion,
    ResolveQuestion,
    RetryMatching,
)
from schemas.commands.room import LeaveRoom
from schemas.events.question import (
    ExpertRated,
    OffersWithdrawn,
    QuestionAsked,
    QuestionCancelled,
    QuestionResolved,
    RoundRequested,
)
from schemas.events.room import RoomClosed
from schemas.ids import expert_stream, room_of
from tests.commands.deciding import World, told, types


def status(world: World, question_id: UUID) -> str:
    question = world.memory.aggregates[question_id]
    assert isinstance(question, Question)
    return question.state.status


def engaged(world: World, expert_id: UUID) -> int:
    expert = world.memory.aggregates[expert_stream(expert_id)]
    assert isinstance(expert, Expert)
    return len(expert.state.engaged)


@pytest.mark.parametrize("role", ["questioner", "both"])
def test_asking_says_what_the_protocol_answers(world: World, role: Role) -> None:
    asker, question_id = world.person(role, "지민", demo=True), uuid4()
    command = AskQuestion(question_id=question_id, content="왜?", category="데이터", urgency="high")
    answer = world.do(asker, command)
    said = world.memory.events[-1].data
    assert said == QuestionAsked(
        question_id=question_id,
        asker_id=asker,
        asker_name="지민",
        content="왜?",
        category="데이터",
        urgency="high",
        demo=True,
    )
    assert answer.result == {
        "id": str(question_id),
        "userId": str(asker),
        "content": "왜?",
        "category": "데이터",
        "urgency": "high",
        "status": "pending",
        "createdAt": "2026-11-22T09:00:00Z",
        "version": 1,
    }


def test_who_only_answers_does_not_ask(world: World) -> None:
    with pytest.raises(Forbidden):
        world.question(world.person("expert"))


def test_a_question_is_asked_once(world: World) -> None:
    asker = world.person()
    question_id = world.question(asker)
    with pytest.raises(Conflict):
        world.do(asker, AskQuestion(question_id=question_id, content="또?"))


@pytest.mark.parametrize("kind", [ResolveQuestion, ReopenQuestion, CancelQuestion, RetryMatching])
def test_only_the_asker_moves_a_question_that_there_is(world: World, kind: type[Command]) -> None:
    question_id = world.question(world.person())
    with pytest.raises(Forbidden):
        world.do(world.person(), kind.model_validate({"questionId": question_id}))
    with pytest.raises(NotFound):
        world.do(world.person(), kind.model_validate({"questionId": uuid4()}))


def test_resolving_closes_the_room_frees_the_experts_and_tells_everyone(world: World) -> None:
    asker, one, two, three = world.person(), world.expert(), world.expert(), world.expert()
    question_id = world.question(asker)
    world.offer(question_id, one, two, three)
    world.do(one, AcceptOffer(question_id=question_id))

    said = world.said(asker, ResolveQuestion(question_id=question_id))

    assert types(said) == ["ExpertReleased", "OffersWithdrawn", "QuestionResolved", "RoomClosed"]
    withdrawn, resolved, closed = said[1:]
    assert isinstance(withdrawn, OffersWithdrawn)
    assert (withdrawn.expert_ids, withdrawn.reason) == ((two,), "withdrawn")
    assert told(withdrawn) == [("offer_closed", two)]
    assert isinstance(resolved, QuestionResolved)
    assert told(resolved) == [("question_status", asker), ("question_status", one)]
    assert isinstance(closed, RoomClosed)
    assert (closed.seq, closed.reason) == (1, "resolved")
    assert engaged(world, one) == 0
    with pytest.raises(Conflict):
        world.do(asker, ResolveQuestion(question_id=question_id))


@pytest.mark.parametrize("stage", ["pending", "matched", "unmatched", "in_progress"])
def test_a_question_that_is_not_over_can_be_cancelled(world: World, stage: str) -> None:
    asker, expert = world.person(), world.expert()
    question_id = world.question(asker)
    if stage == "unmatched":
        world.offer(question_id, round=1)
        world.offer(question_id, round=2)
    elif stage != "pending":
        world.offer(question_id, expert)
    if stage == "in_progress":
        world.do(expert, AcceptOffer(question_id=question_id))
    assert status(world, question_id) == stage

    said = world.said(asker, CancelQuestion(question_id=question_id))

    cancelled = next(data for data in said if isinstance(data, QuestionCancelled))
    assert ("question_status", asker) in told(cancelled)
    assert ("OffersWithdrawn" in types(said)) == (stage == "matched")
    assert ("RoomClosed" in types(said)) == (stage == "in_progress")
    assert engaged(world, expert) == 0
    with pytest.raises(Conflict):
        world.do(asker, CancelQuestion(question_id=question_id))


def test_reopening_opens_the_same_room_and_engages_who_is_still_in_it(world: World) -> None:
    asker, stays, leaves = world.person(), world.expert(), world.expert()
    question_id = world.question(asker)
    world.offer(question_id, stays, leaves)
    for expert in (stays, leaves):
        world.do(expert, AcceptOffer(question_id=question_id))
    world.do(leaves, LeaveRoom(room_id=room_of(question_id)))
    world.do(asker, ResolveQuestion(question_id=question_id))
    world.now += world.rules.reopen_within

    said = world.said(asker, ReopenQuestion(question_id=question_id))

    assert types(said) == ["ExpertEngaged", "QuestionReopened", "RoomReopened"]
    assert told(said[1]) == [("question_status", asker), ("question_status", stays)]
    assert (engaged(world, stays), engaged(world, leaves)) == (1, 0)
    assert status(world, question_id) == "in_progress"


def test_a_question_is_not_reopened_too_late(world: World) -> None:
    asker, expert = world.person(), world.expert()
    question_id = world.question(asker)
    world.offer(question_id, expert)
    world.do(expert, AcceptOffer(question_id=question_id))
    world.do(asker, ResolveQuestion(question_id=question_id))
    world.now += world.rules.reopen_within + timedelta(seconds=1)
    with pytest.raises(Conflict, match="too long ago"):
        world.do(asker, ReopenQuestion(question_id=question_id))


def test_trying_again_begins_a_new_series_of_rounds(world: World) -> None:
    asker = world.person()
    question_id = world.question(asker)
    with pytest.raises(Conflict):
        world.do(asker, RetryMatching(question_id=question_id))
    world.offer(question_id, round=1)
    world.offer(question_id, round=2)

    (said,) = world.said(asker, RetryMatching(question_id=question_id))

    assert isinstance(said, RoundRequested)
    assert said.round == 3
    assert told(said) == [("question_status", asker)]
    assert types(world.offer(question_id, round=3)) == ["RoundRequested"]
    assert types(world.offer(question_id, round=4)) == ["QuestionUnmatched"]


def test_who_took_part_in_a_resolved_question_is_rated_and_rated_anew(world: World) -> None:
    asker, expert, other = world.person(), world.expert(), world.expert()
    question_id = world.question(asker)
    world.offer(question_id, expert, other)
    world.do(expert, AcceptOffer(question_id=question_id))
    rating = RateExpert(question_id=question_id, expert_id=expert, stars=3)
    with pytest.raises(Conflict):
        world.do(asker, rating)
    world.do(asker, ResolveQuestion(question_id=question_id))

    first = world.said(asker, rating)
    second = world.said(
        asker, RateExpert(question_id=question_id, expert_id=expert, stars=5, comment="고마워요")
    )

    ids = {"question_id": question_id, "asker_id": asker, "expert_id": expert}
    assert first == [ExpertRated(**ids, stars=3)]
    assert second == [ExpertRated(**ids, stars=5, previous_stars=3, comment="고마워요")]
    with pytest.raises(Invalid):
        world.do(asker, RateExpert(question_id=question_id, expert_id=other, stars=1))
    with pytest.raises(Forbidden):
        world.do(expert, rating)
