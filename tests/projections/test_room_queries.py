"""Given a history that was applied, then rooms, their messages and inboxes are read as the protocol says."""

from uuid import UUID, uuid4

import pytest

from infra.log import EventLog
from projections.queries import inbox, progress, rooms
from projections.queries.reading import BadCursor, Pool
from projections.runner import apply_batch
from tests.projections.history import START, Conversation
from tests.projections.world import World

NOBODY = UUID(int=7)


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

    everything = {world.one.room_id: 0, NOBODY: 0}, {world.first: 0, world.asker: 0, NOBODY: 0}
    found = await progress.heads(pool, *everything)

    assert found.rooms == {world.one.room_id: 4}
    assert found.users == {world.first: 2, world.asker: 3}
    known = {world.one.room_id: 3}, {world.first: 2, world.asker: 2}
    assert await progress.heads(pool, *known) == progress.Heads({world.one.room_id: 4}, {world.asker: 3})
    known = {world.one.room_id: 4}, {world.first: 2, world.asker: 4}
    assert await progress.heads(pool, *known) == progress.Heads({}, {})
    assert await progress.heads(pool, {}, {}) == progress.Heads({}, {})
