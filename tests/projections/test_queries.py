"""Given a history that was applied, then the queries answer as the protocol says."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from infra.log import EventLog
from projections.queries import experts, inbox, people, progress, questions, rooms
from projections.queries.reading import BadCursor, Pool
from projections.runner import apply_batch
from schemas.events.room import MessagePosted
from schemas.topics import CONVERSATIONS
from schemas.wire.rest import ExpertSaid, QuestionSaid
from tests.projections.history import START, Conversation, History

NOBODY = UUID(int=7)


class World:
    """One conversation in which everything can be asked for."""

    def __init__(self) -> None:
        self.history = History()
        self.asker = self.history.person("묻는 이")
        self.guest = self.history.person("손님")
        self.first, self.second = self.history.expert("가람"), self.history.expert("나래")
        self.one = Conversation(self.history, "1", self.asker)
        self.one.asked()
        self.one.matched([self.first, self.second])

    def into_a_room(self) -> None:
        self.one.accepted(self.first)
        self.one.opened(self.first)
        self.message = self.one.said(self.asker, "첫 말")
        self.one.said(self.first, "둘째 말")
        self.one.joined(self.guest)
        self.one.read(self.first, 2)
        self.one.redacted(self.message, self.asker)

    async def apply(self, pool: Pool, log: EventLog) -> None:
        await apply_batch(pool, self.history.received(), log)


@pytest.fixture
def world() -> World:
    return World()


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


async def test_rooms_of_a_person_with_what_is_unread(pool: Pool, log: EventLog, world: World) -> None:
    world.into_a_room()
    await world.apply(pool, log)

    (of_first,) = (await rooms.rooms_of(pool, world.first))["items"]
    of_asker = await rooms.room(pool, world.one.room_id, world.asker)

    assert (of_first["lastSeq"], of_first["readSeq"], of_first["unread"]) == (4, 2, 0), "nobody said more"
    assert of_asker is not None
    assert of_asker["unread"] == 1, "who spoke has read what stood above, and what they said"
    assert [p["userId"] for p in of_first["participants"]][-1] == str(world.guest)
    assert {p["role"] for p in of_first["participants"]} == {"asker", "expert", "guest"}
    read = {p["userId"]: p["readSeq"] for p in of_first["participants"]}
    assert (read[str(world.first)], read[str(world.asker)]) == (2, of_asker["readSeq"])
    assert of_first["question"] == "어떻게 하면 될까요?"
    assert (await rooms.rooms_of(pool, world.second))["items"] == []


async def test_rooms_of_a_person_go_on_behind_a_page(pool: Pool, log: EventLog, world: World) -> None:
    several = [Conversation(world.history, f"r{n}", world.asker) for n in range(5)]
    for one in several:
        one.asked()
        one.matched([world.first])
        one.accepted(world.first)
        one.opened(world.first)
    await world.apply(pool, log)

    found: list[str] = []
    cursor = None
    while True:
        page = await rooms.rooms_of(pool, world.asker, limit=2, cursor=cursor)
        assert len(page["items"]) <= 2
        found += [item["id"] for item in page["items"]]
        if (cursor := page["next"]) is None:
            break

    assert found == [str(one.room_id) for one in reversed(several)]
    with pytest.raises(BadCursor):
        await rooms.rooms_of(pool, world.asker, cursor="nonsense")
    assert await rooms.room(pool, NOBODY, world.asker) is None


async def test_who_left_is_no_member(pool: Pool, log: EventLog, world: World) -> None:
    world.into_a_room()
    await world.apply(pool, log)
    assert await rooms.is_member(pool, world.one.room_id, world.guest)
    world.one.left(world.guest)
    await world.apply(pool, log)

    assert not await rooms.is_member(pool, world.one.room_id, world.guest)
    assert await rooms.is_member(pool, world.one.room_id, world.asker)


async def test_the_history_is_every_number_once_and_a_redacted_message_is_empty(
    pool: Pool, log: EventLog, world: World
) -> None:
    world.into_a_room()
    await world.apply(pool, log)

    found = await rooms.history(pool, world.one.room_id)

    assert not found["hasMore"]
    assert [(item["seq"], item["type"]) for item in found["items"]] == [
        (1, "text"),
        (2, "text"),
        (3, "user_joined"),
        (4, "message_redacted"),
    ]
    first, second, joined, redacted = found["items"]
    assert (first["content"], first["redacted"]) == ("", True)
    assert second["content"] == "둘째 말"
    assert set(second) == {
        "id",
        "seq",
        "type",
        "content",
        "senderId",
        "senderName",
        "createdAt",
        "clientMsgId",
    }
    assert joined["userId"] == str(world.guest)
    assert redacted["redactedSeq"] == 1
    assert redacted["messageId"] == first["id"]


async def test_pages_of_history_both_ways(pool: Pool, log: EventLog, world: World) -> None:
    world.one.accepted(world.first)
    world.one.opened(world.first)
    for n in range(10):
        world.one.said(world.asker, f"{n}")
    await world.apply(pool, log)

    async def page(**how: int) -> tuple[list[int], bool]:
        found = await rooms.history(pool, world.one.room_id, **how)
        return [item["seq"] for item in found["items"]], found["hasMore"]

    assert await page(limit=3) == ([8, 9, 10], True)
    assert await page(limit=3, before_seq=4) == ([1, 2, 3], False)
    assert await page(limit=3, after_seq=0) == ([1, 2, 3], True)
    assert await page(limit=3, after_seq=7) == ([8, 9, 10], False)
    assert await page(limit=3, after_seq=3, before_seq=6) == ([4, 5], False)


async def test_frames_read_later_are_those_that_were_pushed(pool: Pool, log: EventLog, world: World) -> None:
    world.one.accepted(world.first)
    world.one.opened(world.first)
    for n in range(3):
        world.one.said(world.first, f"{n}")
    world.one.joined(world.guest)
    world.one.closed()
    world.one.opened_again()
    applied = await apply_batch(pool, world.history.received(), log)

    pushed = [(p.seq, p.frame) for p in applied.pushes if p.kind == "room"]
    assert await rooms.room_frames(pool, [(world.one.room_id, 0, 500)]) == [pushed]
    some = [(uuid4(), 0, 9), (world.one.room_id, 2, 2), (world.one.room_id, 0, 1)]
    assert await rooms.room_frames(pool, some) == [[], pushed[2:4], pushed[:1]]
    me, outsider = world.first, uuid4()
    entering = [
        (world.one.room_id, me, 0, 2),
        (world.one.room_id, outsider, 0, 2),
        (world.one.room_id, me, 0, 0),
    ]
    assert await rooms.entries(pool, entering) == [(len(pushed), pushed[:2]), None, (len(pushed), [])]
    for user in (world.asker, world.first, world.second, world.guest):
        told = [(p.seq, p.frame) for p in applied.pushes if p.id == user]
        assert await inbox.inbox_frames(pool, [(user, 0, 500)]) == [told]
        assert [item["data"] for item in (await inbox.inbox(pool, user))["items"]] == [
            frame["data"] for _, frame in told
        ]


async def test_an_inbox_is_read_only_up_to_the_first_number_missing(
    pool: Pool, log: EventLog, world: World
) -> None:
    await world.apply(pool, log)
    async with pool.connection() as connection:
        for seq in (2, 4):
            await connection.execute(
                "INSERT INTO views.inbox (user_id, inbox_seq, frame, created_at) VALUES (%s, %s, 'x', %s)",
                (world.first, seq, START),
            )

    found = await inbox.inbox(pool, world.first)

    told = len((await inbox.inbox(pool, world.asker))["items"])
    assert await inbox.unbroken_heads(pool, [uuid4(), world.first, world.asker], lately=20) == [0, 2, told]
    assert await inbox.unbroken_heads(pool, [world.first], lately=1) == [
        4
    ]  # what is older has no hole any more
    assert [item["inboxSeq"] for item in found["items"]] == [1, 2]
    assert (await inbox.inbox(pool, world.first, limit=1))["hasMore"]
    last = await inbox.inbox(pool, world.first, limit=1, before_seq=2**53)
    assert ([item["inboxSeq"] for item in last["items"]], last["hasMore"]) == ([2], True), (
        "from the end as well"
    )
    assert await inbox.inbox_frames(pool, [(world.first, 2, 25)]) == [[]]
    assert [
        [seq for seq, _ in page]
        for page in await inbox.inbox_frames(pool, [(world.first, 3, 25), (world.first, 2, 25)])
    ] == [[4], []]


async def test_heads_in_one_query(pool: Pool, log: EventLog, world: World) -> None:
    world.into_a_room()
    await world.apply(pool, log)

    found = await progress.heads(pool, [world.one.room_id, NOBODY], [world.first, world.asker, NOBODY])

    assert found.rooms == {world.one.room_id: 4}
    assert found.users == {world.first: 2, world.asker: 3}
    assert await progress.heads(pool, [], []) == progress.Heads({}, {})


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
