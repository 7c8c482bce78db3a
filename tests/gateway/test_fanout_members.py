"""The fan-out and who may hear: outsiders, those who leave, were removed or came back, and those who signed out."""

import asyncio
from uuid import uuid4

import pytest

from gateway.fanout import SIGNED_OUT
from gateway.sources import NotInRoom
from infra.push import Heard
from tests.gateway.listening import ME, ROOM, YOU, Recorder, message, moved, world


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
