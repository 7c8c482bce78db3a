"""Fan-out over pushes that are lost, repeated and late: every listener gets each number once, in order."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.fanout import SIGNED_OUT, Fanout
from gateway.line import Numbered, framed
from gateway.sources import PAGE, NotInRoom
from infra.push import Heard

ROOM, ME, YOU = uuid4(), uuid4(), uuid4()


async def _nothing() -> None:
    """What happens meanwhile, unless a test says otherwise."""


class MemoryViews:
    """Histories and inboxes in memory, read as slowly as the test likes."""

    def __init__(self) -> None:
        self.items: dict[UUID, dict[int, dict[str, Any]]] = {}
        self.members: dict[UUID, set[UUID]] = {}
        self.gate: asyncio.Event | None = None
        self.first = 0
        """How much of the past comes with the answer about a room's head."""
        self.meanwhile: Callable[[], Awaitable[None]] = _nothing
        """What happens between the answer about a room's head and its arrival."""

    def add(self, of: UUID, number: int, frame: dict[str, Any]) -> Heard:
        """Commit one item; the push that would follow."""
        self.items.setdefault(of, {})[number] = frame
        return Heard("room" if of == ROOM else "user", of, number, frame)

    async def room_entry(self, room_id: UUID, user_id: UUID, after: int | None) -> tuple[int, Numbered]:
        await asyncio.sleep(0)
        if user_id not in self.members.get(room_id, set()):
            raise NotInRoom
        items = sorted(self.items.get(room_id, {}).items())
        head = max((n for n, _ in items), default=0)
        later = [(n, framed(f)) for n, f in items if after is not None and n > after]
        await self.meanwhile()
        return head, later[: self.first]

    async def room_page(self, room_id: UUID, after: int, most: int = PAGE) -> Numbered:
        await asyncio.sleep(0)
        found = [(n, framed(f)) for n, f in sorted(self.items.get(room_id, {}).items()) if n > after]
        await asyncio.sleep(0)
        if self.gate is not None:
            await self.gate.wait()
        return found[:most]

    async def inbox_head(self, user_id: UUID) -> int:
        page = await self.inbox_page(user_id, 0, len(self.items.get(user_id, {})))
        return page[-1][0] if page else 0

    async def inbox_page(self, user_id: UUID, after: int, most: int = PAGE) -> Numbered:
        await asyncio.sleep(0)
        page: Numbered = []
        while len(page) < most and (number := after + len(page) + 1) in self.items.get(user_id, {}):
            page.append((number, framed(self.items[user_id][number])))
        return page

    async def heads(
        self, rooms: Sequence[UUID], users: Sequence[UUID]
    ) -> tuple[Mapping[UUID, int], Mapping[UUID, int]]:
        return (
            {room: max(self.items.get(room, {}), default=0) for room in rooms},
            {user: max(self.items.get(user, {}), default=0) for user in users},
        )


class Channels:
    """Remembers what is subscribed."""

    def __init__(self) -> None:
        self.open: set[str] = set()

    async def subscribe(self, channel: str) -> None:
        self.open.add(channel)
        await asyncio.sleep(0)

    def unsubscribe(self, channel: str) -> None:
        self.open.discard(channel)


class Recorder:
    """A listener that keeps what it hears."""

    def __init__(self, user_id: UUID = ME, sign_in: UUID | None = None) -> None:
        self.user_id = user_id
        self.sign_in = sign_in
        self.frames: list[dict[str, Any]] = []
        self.ended: list[int] = []

    def deliver(self, frame: bytes, ephemeral: bool = False) -> None:
        self.frames.append(orjson.loads(frame))

    async def catch_up(self, frames: Sequence[bytes]) -> None:
        for frame in frames:
            self.deliver(frame)
            await asyncio.sleep(0)

    def end(self, code: int, reason: str) -> None:
        self.ended.append(code)

    @property
    def seqs(self) -> list[int]:
        return [frame["data"]["seq"] for frame in self.frames if "seq" in frame["data"]]


def message(number: int) -> dict[str, Any]:
    return {"type": "new_message", "data": {"roomId": str(ROOM), "seq": number}}


def moved(kind: str, number: int, who: UUID) -> dict[str, Any]:
    return {"type": kind, "data": {"roomId": str(ROOM), "seq": number, "userId": str(who)}}


async def settled(fanout: Fanout) -> None:
    """Compare, and wait until everything that was missing has been read."""
    await fanout.comparison.compare()
    while fanout.comparison.filling:
        await asyncio.sleep(0)


def world() -> tuple[MemoryViews, Channels, Fanout]:
    views, channels = MemoryViews(), Channels()
    views.members[ROOM] = {ME, YOU}
    return views, channels, Fanout(views, channels)


step = st.one_of(
    st.just(("commit", 0)),
    st.tuples(st.just("push"), st.integers(0, 40)),
    st.tuples(st.just("join"), st.integers(0, 40)),
    st.tuples(st.just("join-now"), st.just(0)),
    st.tuples(st.just("rejoin"), st.integers(0, 5)),
    st.tuples(st.just("yield"), st.integers(1, 4)),
    st.just(("compare", 0)),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(step, max_size=60), st.integers(0, 3))
def test_every_listener_gets_every_number_once_and_in_order(
    steps: list[tuple[str, int]], first_read: int
) -> None:
    async def play() -> None:
        views, _, fanout = world()
        views.first = first_read
        pushes: list[Heard] = []
        joins: list[tuple[Recorder, asyncio.Task[int], int | None]] = []
        for what, number in steps:
            match what:
                case "commit":
                    pushes.append(views.add(ROOM, len(pushes) + 1, message(len(pushes) + 1)))
                case "push" if pushes:  # any earlier one, so some are lost, some repeated, some late
                    fanout.pushed(pushes[number % len(pushes)])
                case "join":
                    listener = Recorder()
                    joins.append(
                        (listener, asyncio.create_task(fanout.join_room(listener, ROOM, number)), number)
                    )
                case "join-now":
                    listener = Recorder()
                    joins.append(
                        (listener, asyncio.create_task(fanout.join_room(listener, ROOM, None)), None)
                    )
                case "rejoin" if joins:
                    listener, joining, _ = joins[number % len(joins)]
                    await joining
                    fanout.gone(listener)
                    last = listener.seqs[-1] if listener.seqs else await joining
                    again = asyncio.create_task(fanout.join_room(listener, ROOM, last))
                    joins[number % len(joins)] = (listener, again, None)
                case "yield":
                    for _ in range(number):
                        await asyncio.sleep(0)
                case "compare":
                    await settled(fanout)
        lasts = [await joining for _, joining, _ in joins]
        await settled(fanout)
        for (listener, _, after), last in zip(joins, lasts, strict=True):
            first = listener.seqs[0] if listener.seqs else len(pushes) + 1
            assert listener.seqs == list(range(first, len(pushes) + 1))
            if after is not None and after <= last:
                assert first == min(after, len(pushes)) + 1
            assert last <= len(pushes)

    asyncio.run(play())


async def test_what_comes_while_the_views_are_read_is_neither_lost_nor_repeated() -> None:
    views, _, fanout = world()
    for number in (1, 2):
        views.add(ROOM, number, message(number))
    views.gate = asyncio.Event()
    listener = Recorder()
    joining = asyncio.create_task(fanout.join_room(listener, ROOM, 0))
    for _ in range(5):
        await asyncio.sleep(0)
    fanout.pushed(views.add(ROOM, 4, message(4)))
    fanout.pushed(views.add(ROOM, 3, message(3)))
    views.gate.set()
    await joining
    await settled(fanout)
    assert listener.seqs == [1, 2, 3, 4]


async def test_an_outsider_hears_nothing_and_leaves_nothing_behind() -> None:
    views, channels, fanout = world()
    heard = views.add(ROOM, 1, message(1))
    stranger = Recorder(uuid4())
    with pytest.raises(NotInRoom):
        await fanout.join_room(stranger, ROOM, 0)
    fanout.pushed(heard)
    assert stranger.frames == []
    assert channels.open == set()


async def test_who_left_hears_that_and_nothing_after_it() -> None:
    views, _, fanout = world()
    me, you = Recorder(ME), Recorder(YOU)
    for listener in (me, you):
        await fanout.join_room(listener, ROOM, 0)
    fanout.pushed(views.add(ROOM, 2, message(2)))
    fanout.pushed(views.add(ROOM, 1, moved("user_left", 1, ME)))
    fanout.pushed(Heard("room", ROOM, 0, {"type": "messages_read", "data": {"userId": str(YOU)}}))
    assert me.seqs == [1]
    assert you.seqs == [1, 2]
    assert len(you.frames) == 3


async def test_who_left_while_catching_up_is_not_let_in() -> None:
    views, _, fanout = world()
    views.add(ROOM, 1, message(1))
    views.gate = asyncio.Event()
    me = Recorder(ME)
    joining = asyncio.create_task(fanout.join_room(me, ROOM, 0))
    for _ in range(3):
        await asyncio.sleep(0)
    fanout.pushed(views.add(ROOM, 2, moved("user_left", 2, ME)))
    views.members[ROOM].discard(ME)
    views.gate.set()
    with pytest.raises(NotInRoom):
        await joining
    fanout.pushed(views.add(ROOM, 3, message(3)))
    assert 3 not in me.seqs


@pytest.mark.parametrize("after", [None, 2])
async def test_who_was_removed_between_the_views_answer_and_the_joining_does_not_listen_on(
    after: int | None,
) -> None:
    # given a room in which you hear what goes out, and me joining without any need of the past
    views, _, fanout = world()
    views.add(ROOM, 1, message(1))
    await fanout.join_room(Recorder(YOU), ROOM, None)
    me = Recorder(ME)
    answered, heard = asyncio.Event(), asyncio.Event()

    async def slowly() -> None:
        answered.set()
        await heard.wait()

    views.meanwhile = slowly
    joining = asyncio.create_task(fanout.join_room(me, ROOM, after))

    # when the views say that I am in, and before that answer is here I am removed, and everybody hears of it
    await answered.wait()
    views.members[ROOM].discard(ME)
    fanout.pushed(views.add(ROOM, 2, moved("user_left", 2, ME)))
    heard.set()

    # then I am not let in, and hear nothing of what is said afterwards
    with pytest.raises(NotInRoom):
        await joining
    fanout.pushed(views.add(ROOM, 3, message(3)))
    assert me.seqs == []
    assert not fanout.listens(me, ROOM)


async def test_who_was_removed_and_let_in_again_meanwhile_is_in() -> None:
    views, _, fanout = world()
    await fanout.join_room(Recorder(YOU), ROOM, None)
    fanout.pushed(views.add(ROOM, 1, message(1)))
    me, early = Recorder(ME), asyncio.Event()

    async def moves() -> None:
        fanout.pushed(views.add(ROOM, 2, moved("user_left", 2, ME)))
        fanout.pushed(views.add(ROOM, 3, moved("user_joined", 3, ME)))
        early.set()

    views.meanwhile = moves
    assert await fanout.join_room(me, ROOM, None) == 3
    fanout.pushed(views.add(ROOM, 4, message(4)))
    assert (early.is_set(), me.seqs) == (True, [4])


async def test_a_sign_out_ends_every_socket_of_that_sign_in_and_no_other_whether_it_listens_yet_or_not() -> (
    None
):
    # given three sockets of mine of two sign-ins, of which one hears my inbox, and one of yours
    _, channels, fanout = world()
    mine, elsewhere = uuid4(), uuid4()
    hearing, fresh, other, yours = (
        Recorder(ME, mine),
        Recorder(ME, mine),
        Recorder(ME, elsewhere),
        Recorder(YOU),
    )
    for one in (hearing, fresh, other, yours):
        await fanout.came(one)
    await fanout.resume_inbox(hearing, 0)

    # when one of the sign-ins ends, then its sockets do
    told = {"type": SIGNED_OUT, "data": {"userId": str(ME), "signIn": str(mine)}}
    fanout.pushed(Heard("user", ME, 0, told))
    assert [one.ended for one in (hearing, fresh, other, yours)] == [[4401], [4401], [], []]

    # and when all of mine end, the last of them; and nothing is left behind by those who have gone
    fanout.pushed(Heard("user", ME, 0, {"type": SIGNED_OUT, "data": {"userId": str(ME), "signIn": None}}))
    assert (other.ended, yours.ended) == ([4401], [])
    for one in (hearing, fresh, other, yours):
        fanout.gone(one)
    assert (channels.open, list(fanout.here())) == (set(), [])


async def test_who_came_back_reads_the_whole_history_with_their_own_absence_in_it() -> None:
    views, _, fanout = world()
    for number, frame in enumerate(
        (message(1), moved("user_left", 2, ME), message(3), moved("user_joined", 4, ME)), start=1
    ):
        views.add(ROOM, number, frame)
    me = Recorder(ME)
    assert await fanout.join_room(me, ROOM, 0) == 4
    fanout.pushed(views.add(ROOM, 5, message(5)))
    assert me.seqs == [1, 2, 3, 4, 5]


async def test_whispers_reach_everyone_but_the_one_they_are_about() -> None:
    _, _, fanout = world()
    me, you = Recorder(ME), Recorder(YOU)
    for listener in (me, you):
        await fanout.join_room(listener, ROOM, None)
    typing = {"type": "typing_indicator", "data": {"roomId": str(ROOM), "userId": str(ME), "isTyping": True}}
    fanout.pushed(Heard("room", ROOM, 0, typing))
    assert me.frames == []
    assert you.frames == [typing]


async def test_a_hole_in_the_inbox_holds_back_what_is_after_it_until_it_closes() -> None:
    views, _, fanout = world()
    me = Recorder(ME)
    frames = {n: {"type": "question_status", "data": {"seq": n}} for n in range(1, 5)}
    await fanout.resume_inbox(me, 0)
    fanout.pushed(views.add(ME, 1, frames[1]))
    fanout.pushed(views.add(ME, 3, frames[3]))
    views.add(ME, 4, frames[4])
    await settled(fanout)
    assert me.seqs == [1]
    views.add(ME, 2, frames[2])
    await settled(fanout)
    assert me.seqs == [1, 2, 3, 4]


async def test_a_client_that_claims_to_be_ahead_is_brought_back_to_the_truth() -> None:
    views, _, fanout = world()
    views.add(ROOM, 1, message(1))
    me = Recorder(ME)
    assert await fanout.join_room(me, ROOM, 1_000_000) == 1
    fanout.pushed(views.add(ROOM, 2, message(2)))
    assert me.seqs == [2]


async def test_a_room_nobody_hears_any_more_is_given_up() -> None:
    _, channels, fanout = world()
    me = Recorder(ME)
    await fanout.join_room(me, ROOM, None)
    await fanout.resume_inbox(me, 0)
    assert len(channels.open) == 2
    assert fanout.listens(me, ROOM)
    fanout.gone(me)
    assert channels.open == set()
    assert not fanout.listens(me, ROOM)
