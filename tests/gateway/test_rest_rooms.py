"""Rooms and the inbox over REST: nobody reads a room they are not in."""

from uuid import uuid4

from tests.gateway.conftest import World
from tests.gateway.person import problem


class TestRooms:
    async def test_saying_reading_and_taking_back(self, world: World) -> None:
        asker, expert = await world.person(name="지민"), await world.expert()
        room = await world.room(asker, expert)
        said = await asker.rest.post(
            f"/chat-rooms/{room}/messages", json={"content": "하나", "clientMsgId": "a"}
        )
        assert said.status_code == 201, said.text
        again = await asker.rest.post(
            f"/chat-rooms/{room}/messages", json={"content": "둘", "clientMsgId": "a"}
        )
        assert (said.json()["id"], said.json()["seq"]) == (again.json()["id"], again.json()["seq"])
        items = (await asker.rest.get(f"/chat-rooms/{room}/messages")).json()
        (item,) = items["items"]
        assert items["hasMore"] is False
        assert (item["content"], item["senderName"], item["clientMsgId"]) == ("하나", "지민", "a")

        (rooms,) = [
            one for one in (await expert.rest.get("/chat-rooms")).json()["items"] if one["id"] == room
        ]
        assert rooms["unread"] == 1
        assert (await expert.rest.post(f"/chat-rooms/{room}/read", json={"upToSeq": 1})).status_code == 200
        assert (await expert.rest.get(f"/chat-rooms/{room}")).json()["unread"] == 0

        problem(await expert.rest.delete(f"/chat-rooms/{room}/messages/1"), 403, "forbidden")
        assert (await asker.rest.delete(f"/chat-rooms/{room}/messages/1")).status_code == 200
        after = await asker.rest.get(f"/chat-rooms/{room}/messages")
        assert "하나" not in after.text
        assert [one["type"] for one in after.json()["items"]] == ["text", "message_redacted"]

    async def test_the_history_is_paged_both_ways(self, world: World) -> None:
        asker, expert = await world.person(), await world.expert()
        room = await world.room(asker, expert)
        for i in range(7):
            await asker.rest.post(f"/chat-rooms/{room}/messages", json={"content": f"{i}"})

        async def page(**query: int) -> tuple[list[int], bool]:
            found = (await asker.rest.get(f"/chat-rooms/{room}/messages", params=query)).json()
            return [item["seq"] for item in found["items"]], found["hasMore"]

        assert await page(afterSeq=0, limit=3) == ([1, 2, 3], True)
        assert await page(afterSeq=5, limit=3) == ([6, 7], False)
        assert await page(limit=3) == ([5, 6, 7], True)
        assert await page(beforeSeq=3, limit=3) == ([1, 2], False)
        problem(await asker.rest.get(f"/chat-rooms/{room}/messages?limit=501"), 422, "invalid")

    async def test_an_outsider_reads_and_does_nothing(self, world: World) -> None:
        asker, expert, outsider = await world.person(), await world.expert(), await world.person()
        room = await world.room(asker, expert)
        await asker.rest.post(f"/chat-rooms/{room}/messages", json={"content": "우리끼리만"})
        calls = [
            outsider.rest.get(f"/chat-rooms/{room}"),
            outsider.rest.get(f"/chat-rooms/{room}/messages"),
            outsider.rest.get(f"/chat-rooms/{room}/messages?afterSeq=0"),
            outsider.rest.post(f"/chat-rooms/{room}/messages", json={"content": "나도"}),
            outsider.rest.post(f"/chat-rooms/{room}/invite", json={"userId": str(outsider.id)}),
            outsider.rest.post(f"/chat-rooms/{room}/read", json={"upToSeq": 1}),
            outsider.rest.delete(f"/chat-rooms/{room}/messages/1"),
            outsider.rest.post(f"/chat-rooms/{room}/leave"),
            outsider.rest.get(f"/chat-rooms/{uuid4()}/messages"),
        ]
        for call in calls[:-1]:
            answer = await call
            problem(answer, 403, "forbidden")
            assert "우리끼리만" not in answer.text
        problem(await calls[-1], 403, "forbidden")
        assert (await outsider.rest.get("/chat-rooms")).json()["items"] == []

    async def test_who_left_reads_no_more_and_who_is_invited_does(self, world: World) -> None:
        asker, expert, guest = await world.person(), await world.expert(), await world.person()
        room = await world.room(asker, expert)
        await asker.rest.post(f"/chat-rooms/{room}/messages", json={"content": "처음"})
        assert (await expert.rest.post(f"/chat-rooms/{room}/leave")).status_code == 200
        problem(await expert.rest.get(f"/chat-rooms/{room}/messages"), 403, "forbidden")
        problem(await expert.rest.get(f"/chat-rooms/{room}"), 403, "forbidden")
        invited = await asker.rest.post(f"/chat-rooms/{room}/invite", json={"userId": str(guest.id)})
        assert invited.status_code == 200, invited.text
        found = await guest.until_visible(f"/chat-rooms/{room}/messages")
        assert [item["type"] for item in found["items"]] == ["text", "user_left", "user_joined"]

    async def test_the_room_of_a_question_is_given_again(self, world: World) -> None:
        asker, expert = await world.person(), await world.expert()
        room = await world.room(asker, expert)
        question = (await asker.rest.get(f"/chat-rooms/{room}")).json()["questionId"]
        answer = await asker.rest.post("/chat-rooms", json={"questionId": question})
        assert answer.status_code == 201, answer.text
        assert answer.json()["id"] == room

    async def test_the_inbox_tells_what_happened_without_a_gap(self, world: World) -> None:
        asker, expert = await world.person(), await world.expert()
        await world.room(asker, expert)
        items = (await asker.rest.get("/inbox")).json()["items"]
        assert [item["inboxSeq"] for item in items] == list(range(1, len(items) + 1))
        assert {"expert_matched", "room_opened"} <= {item["type"] for item in items}
        later = (await asker.rest.get("/inbox", params={"afterSeq": 1})).json()["items"]
        assert [item["inboxSeq"] for item in later] == [item["inboxSeq"] for item in items[1:]]
        # and page by page from its end
        found, before = [], 2**53
        while before > 1:
            page = (await asker.rest.get("/inbox", params={"beforeSeq": before, "limit": 2})).json()
            found, before = page["items"] + found, page["items"][0]["inboxSeq"]
            assert page["hasMore"] == (before > 1)
        assert found == items
