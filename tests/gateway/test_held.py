"""What was just heard can be read: the history waits for the views, which are behind the pushes of the append."""

import asyncio
from collections.abc import Mapping
from uuid import UUID, uuid4

from gateway.fanout import Fanout
from gateway.held import Held
from gateway.line import Numbered
from gateway.sources import PAGE
from tests.gateway.conftest import World


async def test_a_history_asked_for_after_a_push_holds_what_was_pushed(world: World) -> None:
    asker, expert = await world.person(), await world.expert()
    room = await world.room(asker, expert)
    await expert.connect()
    await expert.send("join_room", roomId=room)
    world.road.open.clear()
    try:
        said = (await asker.rest.post(f"/chat-rooms/{room}/messages", json={"content": "들었나요?"})).json()
        await expert.frame("new_message", seq=said["seq"])
        asked = asyncio.create_task(expert.rest.get(f"/chat-rooms/{room}/messages"))
        await asyncio.wait([asked], timeout=0.15)
        assert not asked.done(), "the views cannot have it yet"
    finally:
        world.road.open.set()
    assert [item["seq"] for item in (await asked).json()["items"]] == [said["seq"]]


async def test_views_that_stand_still_are_not_waited_for_longer_than_patience() -> None:
    room, views = uuid4(), Still()
    fanout = Fanout(views, Silent())
    await fanout.join_room(Deaf(), room, None)
    views.head = 3
    assert await Held(fanout, views, 0.05).caught_up(room) is False
    assert await Held(fanout, views, 0.05).caught_up(uuid4()) is True
    views.head = 4
    assert await Held(fanout, views, 0.05).caught_up(room) is True


class Still:
    """Views whose one room stands at `head`."""

    head = 4

    async def room_entry(self, room_id: UUID, user_id: UUID, after: int | None) -> tuple[int, Numbered]:
        return self.head, []

    async def appended(self, room_id: UUID) -> int:
        return self.head

    async def room_page(self, room_id: UUID, after: int, most: int = PAGE) -> Numbered:
        return []

    async def inbox_head(self, user_id: UUID) -> int:
        return 0

    async def inbox_page(self, user_id: UUID, after: int, most: int = PAGE) -> Numbered:
        return []

    async def heads(
        self, rooms: Mapping[UUID, int], users: Mapping[UUID, int]
    ) -> tuple[Mapping[UUID, int], Mapping[UUID, int]]:
        return {room: self.head for room, known in rooms.items() if self.head > known}, {}


class Silent:
    """No pushes."""

    async def subscribe(self, channel: str) -> None:
        return

    def unsubscribe(self, channel: str) -> None:
        return


class Deaf:
    """A listener."""

    user_id = uuid4()

    def deliver(self, frame: bytes, ephemeral: bool = False) -> None:
        return

    def end(self, code: int, reason: str) -> None:
        raise AssertionError("nobody ends it")

    async def drained(self) -> None:
        return
