"""Fan-out over pushes that are lost, repeated and late: every listener gets each number once, in order."""

import asyncio
import time
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gateway.fanout
from gateway.fanout import LONG_PAGES, REST, Fanout
from gateway.line import Numbered
from gateway.sources import PAGE
from infra.push import Heard
from schemas.port import Unavailable
from tests.gateway.listening import ME, ROOM, YOU, Channels, Recorder, message, settled, world

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


async def test_who_is_far_behind_leaves_others_several_times_as_long_as_each_page_took() -> None:
    # given a past of many pages, each of which takes a while to read
    views, _, _ = world()
    for number in range(1, 13 * PAGE):
        views.add(ROOM, number, message(number))
    read, times = views.room_page, []

    async def slowly(room_id: UUID, after: int, most: int = PAGE) -> Numbered:
        began = time.monotonic()
        await asyncio.sleep(0.002)
        page = await read(room_id, after, most)
        times.append((began, time.monotonic()))
        return page

    views.room_page = slowly  # type: ignore[method-assign]
    fanout = Fanout(views, Channels())

    # when somebody reads all of it, then the first pages follow one another, and before each later one there is a rest
    me = Recorder()
    await fanout.join_room(me, ROOM, 0)
    assert me.seqs == list(range(1, 13 * PAGE))
    rests = [(after[0] - before[1]) / (before[1] - before[0]) for before, after in pairwise(times)]
    assert min(rests[LONG_PAGES - 1 :]) >= 0.9 * REST
    assert min(rests[: LONG_PAGES - 1]) < 1


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


async def test_who_heard_more_elsewhere_than_the_views_hold_hears_nothing_of_it_again() -> None:
    """Another gateway told of messages at their append, and died."""
    views, _, fanout = world()
    views.add(ROOM, 1, message(1))
    views.appended_beyond = 2
    me = Recorder(ME)
    joining = asyncio.create_task(fanout.join_room(me, ROOM, 3))
    for _ in range(20):
        await asyncio.sleep(0)
    fanout.pushed(Heard("room", ROOM, 2, message(2)))
    assert not joining.done()
    late = [views.add(ROOM, number, message(number)) for number in (2, 3)]
    views.appended_beyond = 0
    assert await joining == 3
    for heard in late:
        fanout.pushed(heard)
    fanout.pushed(views.add(ROOM, 4, message(4)))
    assert me.seqs == [4]


async def test_views_that_do_not_come_after_are_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gateway.fanout, "PAUSE_SECONDS", 0)
    views, channels, fanout = world()
    views.appended_beyond = 2
    with pytest.raises(Unavailable, match="behind"):
        await fanout.join_room(Recorder(ME), ROOM, 2)
    assert channels.open == set()


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
