"""Given a history that was applied, then the queries answer as the protocol says."""

from datetime import timedelta
from uuid import UUID

import pytest

from infra.log import EventLog
from projections.queries import experts, people, progress, questions
from projections.queries.reading import BadCursor, Pool
from projections.runner import apply_batch
from schemas.events.room import MessagePosted
from schemas.topics import CONVERSATIONS
from schemas.wire.rest import ExpertSaid, QuestionSaid
from tests.projections.history import Conversation, History
from tests.projections.world import World

NOBODY = UUID(int=7)


async def test_a_person(pool: Pool, log: EventLog, world: World) -> None:
    await world.apply(pool, log)

    found = await people.person(pool, world.asker)

    assert found == {
        "id": str(world.asker),
        "role": "questioner",
        "displayName": "묻는 이",
        "createdAt": "2026-03-01T09:00:01Z",
        "demo": False,
    }
    assert await people.people(pool, [world.asker, NOBODY]) == {world.asker: found}
    assert await people.person(pool, NOBODY) is None


async def test_an_expert_with_figures(pool: Pool, log: EventLog, world: World) -> None:
    world.one.declined(world.second)
    world.into_a_room()
    world.one.rated(world.first, 4)
    await world.apply(pool, log)

    found = await experts.expert(pool, world.first)

    assert found is not None
    said = ExpertSaid.model_validate({**found, "online": False})
    assert (said.rating, said.rating_count, said.response_rate, said.response_seconds) == (4.0, 1, 1.0, 1.5)
    assert [s.name for s in said.specialties] == ["파이썬"]
    assert await experts.expert(pool, world.asker) is None
    assert set(await experts.experts_by_id(pool, [world.first, world.second, NOBODY])) == {
        world.first,
        world.second,
    }


async def test_features_for_the_matcher(pool: Pool, log: EventLog, world: World) -> None:
    await world.apply(pool, log)

    found = await experts.Features(pool).features([world.first, NOBODY])

    assert set(found) == {world.first}
    features = found[world.first]
    assert (features.offered, features.open_offers, features.capacity, features.last_active_at) == (
        1,
        1,
        3,
        None,
    )


async def test_experts_are_listed_page_by_page(pool: Pool, log: EventLog) -> None:
    history = History()
    ids = {f"전문가 {n}": history.expert(f"전문가 {n}") for n in range(5)}
    await apply_batch(pool, history.received(), log)

    names: list[str] = []
    cursor = None
    while True:
        page = await experts.list_experts(pool, limit=2, cursor=cursor)
        names += [item["displayName"] for item in page["items"]]
        if (cursor := page["next"]) is None:
            break

    assert names == sorted(ids)
    assert (await experts.list_experts(pool, category="파이"))["items"]
    assert (await experts.list_experts(pool, category="요리"))["items"] == []
    only = await experts.list_experts(pool, only=[ids["전문가 3"]])
    assert [item["displayName"] for item in only["items"]] == ["전문가 3"]
    with pytest.raises(BadCursor):
        await experts.list_experts(pool, cursor="nonsense")


async def test_a_question_with_candidates_and_offers(pool: Pool, log: EventLog, world: World) -> None:
    world.one.declined(world.second)
    world.into_a_room()
    await world.apply(pool, log)

    found = await questions.question(pool, world.one.id)

    assert found is not None
    assert QuestionSaid.model_validate(found).status == "in_progress"
    assert found["version"] == 4
    assert found["roomId"] == str(world.one.room_id)
    assert found["similar"] == []
    assert [c["expertId"] for c in found["candidates"]] == [str(world.first), str(world.second)]
    assert found["candidates"][0]["reasons"][0]["ko"] == "비슷한 질문을 풀었어요"
    assert {o["expertId"]: o["state"] for o in found["offers"]} == {
        str(world.first): "accepted",
        str(world.second): "declined",
    }
    assert await questions.question(pool, NOBODY) is None


async def test_who_may_see_a_question(pool: Pool, log: EventLog, world: World) -> None:
    world.into_a_room()
    await world.apply(pool, log)

    for user in (world.asker, world.first, world.second, world.guest):
        assert await questions.may_see(pool, world.one.id, user)
    assert not await questions.may_see(pool, world.one.id, NOBODY)


async def test_questions_are_listed_newest_first_to_those_they_concern(
    pool: Pool, log: EventLog, world: World
) -> None:
    more = [Conversation(world.history, f"m{n}", world.asker) for n in range(5)]
    for one in more:
        one.asked()
    other = Conversation(world.history, "other", world.guest)
    other.asked()
    await world.apply(pool, log)

    found: list[str] = []
    cursor = None
    while True:
        page = await questions.list_questions(pool, world.asker, mine=True, limit=2, cursor=cursor)
        found += [item["id"] for item in page["items"]]
        if (cursor := page["next"]) is None:
            break

    assert found == [str(one.id) for one in [*reversed(more), world.one]]
    matched = await questions.list_questions(pool, world.asker, mine=True, status="matched")
    assert [item["id"] for item in matched["items"]] == [str(world.one.id)]
    offered = await questions.list_questions(pool, world.first)
    assert [item["id"] for item in offered["items"]] == [str(world.one.id)]
    assert (await questions.list_questions(pool, world.first, mine=True))["items"] == []
    everyone = await questions.list_questions(pool, NOBODY, everyone=True)
    assert len(everyone["items"]) == 7
    for bad in ("nonsense", "WzEsMl0"):
        with pytest.raises(BadCursor):
            await questions.list_questions(pool, world.asker, cursor=bad)


async def test_offers_are_due_while_they_are_open(pool: Pool, log: EventLog, world: World) -> None:
    world.one.declined(world.second)
    await world.apply(pool, log)
    offered = next(e for e in world.history.events if e.stream_id == world.one.id and e.version == 2)
    ends = offered.meta.at + timedelta(minutes=3)

    assert await questions.next_due(pool) == ends
    assert await questions.due_offers(pool, ends - timedelta(seconds=1)) == []
    assert await questions.due_offers(pool, ends) == [questions.DueOffer(world.one.id, world.first, 1, ends)]

    world.one.accepted(world.first)
    await world.apply(pool, log)

    assert await questions.next_due(pool) is None


async def test_ones_own_write_is_reached_when_the_view_holds_it(
    pool: Pool, log: EventLog, world: World
) -> None:
    message = world.one.said(world.asker)
    assert isinstance(message.data, MessagePosted)
    place = (CONVERSATIONS, message.partition)
    assert not await progress.reached(pool, "rooms", *place, message.position)

    await world.apply(pool, log)

    assert await progress.reached(pool, "rooms", *place, message.position)
    assert not await progress.reached(pool, "rooms", *place, message.position + 1)
    assert await progress.position(pool, "view:rooms", *place) == message.position
    assert await progress.position(pool, "view:unknown", *place) == 0


async def test_counts_for_operators(pool: Pool, log: EventLog, world: World) -> None:
    await world.apply(pool, log)

    assert await progress.operator_counts(pool) == {
        "questions": {"matched": 1},
        "rooms": {},
        "openOffers": 2,
        "people": 4,
        "experts": 2,
        "parked": {},
    }
