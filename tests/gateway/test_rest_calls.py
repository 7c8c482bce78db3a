"""REST over the real store and views: what each call answers, refuses and shows to whom."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.gateway.conftest import World
from tests.gateway.person import PASSWORD, Person


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    return body


class TestAccounts:
    async def test_registering_signs_in_and_the_profile_is_there_at_once(self, world: World) -> None:
        me = await world.person("questioner", "지민")
        assert me.tokens["tokenType"] == "Bearer"
        assert me.tokens["position"] > 0
        profile = (await me.rest.get("/users/profile")).json()
        assert profile["username"] == me.username
        assert (profile["displayName"], profile["role"]) == ("지민", "questioner")
        assert "expert" not in profile

    async def test_a_name_is_taken_once(self, world: World) -> None:
        me = await world.person()
        again = await me.rest.post(
            "/auth/register",
            json={"username": me.username, "email": "x@example.org", "password": PASSWORD, "role": "both"},
        )
        body = problem(again, 409, "conflict")
        assert body["errors"][0]["field"] == "username"

    async def test_nobody_makes_themselves_an_operator(self, world: World) -> None:
        me = await world.person()
        body = {"username": "boss", "email": "b@example.org", "password": PASSWORD, "role": "operator"}
        problem(await me.rest.post("/auth/register", json=body), 422, "invalid")
        problem(await me.rest.put("/users/profile", json={"role": "operator"}), 422, "invalid")
        problem(await me.rest.get("/statistics"), 403, "forbidden")

    async def test_signing_in_with_the_right_password_only(self, world: World) -> None:
        me = await world.person()
        right = await me.rest.post("/auth/login", json={"username": me.username, "password": PASSWORD})
        assert right.status_code == 200
        assert right.json()["user"]["id"] == str(me.id)
        wrong = await me.rest.post("/auth/login", json={"username": me.username, "password": "guess"})
        nobody = await me.rest.post("/auth/login", json={"username": "nobody-here", "password": "guess"})
        assert problem(wrong, 401, "unauthenticated") == problem(nobody, 401, "unauthenticated")

    async def test_changing_the_profile_is_seen_at_once(self, world: World) -> None:
        me = await world.person("questioner")
        changed = await me.rest.put("/users/profile", json={"displayName": "새 이름", "role": "both"})
        assert changed.status_code == 200, changed.text
        assert changed.json()["position"] > me.tokens["position"]
        profile = (await me.rest.get("/users/profile")).json()
        assert (profile["displayName"], profile["role"]) == ("새 이름", "both")

    @pytest.mark.parametrize("header", [None, "Bearer", "Bearer nonsense", "Basic eDp5"])
    async def test_without_a_token_nothing_is_shown(self, world: World, header: str | None) -> None:
        me = await world.person()
        headers = {"Authorization": header} if header else {}
        me.rest.headers.pop("Authorization")
        for path in ("/users/profile", "/questions", "/chat-rooms", "/inbox", "/experts/search"):
            answer = await me.rest.get(path, headers=headers)
            problem(answer, 401, "unauthenticated")
            assert answer.headers["www-authenticate"] == "Bearer"


class TestRefreshTokens:
    async def refresh(self, me: Person, token: str) -> httpx.Response:
        return await me.rest.post("/auth/refresh", json={"refreshToken": token})

    async def test_each_works_once_and_reuse_ends_the_family(self, world: World) -> None:
        me = await world.person()
        first = me.tokens["refreshToken"]
        answer = await self.refresh(me, first)
        assert answer.status_code == 200, answer.text
        second = answer.json()["refreshToken"]
        assert second != first
        problem(await self.refresh(me, first), 401, "unauthenticated")
        problem(await self.refresh(me, second), 401, "unauthenticated")

    async def test_another_sign_in_is_another_family(self, world: World) -> None:
        me = await world.person()
        other = (
            await me.rest.post("/auth/login", json={"username": me.username, "password": PASSWORD})
        ).json()
        await self.refresh(me, me.tokens["refreshToken"])
        problem(await self.refresh(me, me.tokens["refreshToken"]), 401, "unauthenticated")
        assert (await self.refresh(me, other["refreshToken"])).status_code == 200

    async def test_of_two_at_once_one_wins(self, world: World) -> None:
        me = await world.person()
        answers = await asyncio.gather(*(self.refresh(me, me.tokens["refreshToken"]) for _ in range(4)))
        assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]

    async def test_signing_out_ends_it(self, world: World) -> None:
        me = await world.person()
        body = {"refreshToken": me.tokens["refreshToken"]}
        assert (await me.rest.post("/auth/logout", json=body)).status_code == 204
        problem(await self.refresh(me, me.tokens["refreshToken"]), 401, "unauthenticated")

    async def test_signing_out_everywhere(self, world: World) -> None:
        me = await world.person()
        assert (await me.rest.post("/auth/logout")).status_code == 204
        problem(await self.refresh(me, me.tokens["refreshToken"]), 401, "unauthenticated")

    async def test_nobody_ends_anothers(self, world: World) -> None:
        me, you = await world.person(), await world.person()
        await you.rest.post("/auth/logout", json={"refreshToken": me.tokens["refreshToken"]})
        assert (await self.refresh(me, me.tokens["refreshToken"])).status_code == 200


class TestQuestions:
    async def test_asking_answers_the_question_and_it_is_seen_at_once(self, world: World) -> None:
        me = await world.person()
        asked = await me.ask("왜 하늘은 파란가요?", category="물리", urgency="high")
        assert (asked["content"], asked["category"], asked["urgency"]) == (
            "왜 하늘은 파란가요?",
            "물리",
            "high",
        )
        assert (asked["status"], asked["userId"]) == ("pending", str(me.id))
        found = (await me.rest.get(f"/questions/{asked['id']}")).json()
        assert found["content"] == asked["content"]
        assert found["candidates"] == found["offers"] == found["similar"] == []
        mine = (await me.rest.get("/questions", params={"mine": "true"})).json()
        assert [one["id"] for one in mine["items"]] == [asked["id"]]

    async def test_the_same_key_asks_once_and_is_ones_own(self, world: World) -> None:
        me, you = await world.person(), await world.person()
        key = {"Idempotency-Key": "k"}
        answers = [
            await who.rest.post("/questions", json={"content": "한 번?"}, headers=key)
            for who in (me, me, you)
        ]
        first, again, other = (answer.json()["id"] for answer in answers)
        assert first == again != other

    async def test_others_do_not_see_it(self, world: World) -> None:
        me, you = await world.person(), await world.person()
        asked = await me.ask("비밀이에요?")
        answer = await you.rest.get(f"/questions/{asked['id']}")
        problem(answer, 404, "not_found")
        assert "비밀" not in answer.text
        assert (await you.rest.get("/questions")).json()["items"] == []

    async def test_accepting_opens_the_room_and_its_people_see_it_at_once(self, world: World) -> None:
        asker, expert = await world.person(), await world.expert()
        question = await world.offered(asker, expert)
        accepted = await expert.rest.post(f"/questions/{question}/accept")
        assert accepted.status_code == 200, accepted.text
        room = accepted.json()["roomId"]
        found = (await expert.rest.get(f"/chat-rooms/{room}")).json()
        assert {one["userId"] for one in found["participants"]} == {str(asker.id), str(expert.id)}
        assert (await expert.rest.get(f"/questions/{question}")).json()["roomId"] == room

    async def test_accepting_what_was_not_offered(self, world: World) -> None:
        asker, expert, other = await world.person(), await world.expert(), await world.expert()
        question = await world.offered(asker, expert)
        answer = await other.rest.post(f"/questions/{question}/accept")
        assert answer.status_code in (403, 409), answer.text
        problem(await expert.rest.post(f"/questions/{uuid4()}/accept"), 404, "not_found")

    async def test_moves_ratings_and_who_may(self, world: World) -> None:
        asker, expert = await world.person(), await world.expert()
        room = await world.room(asker, expert)
        question = (await asker.rest.get(f"/chat-rooms/{room}")).json()["questionId"]
        status = f"/questions/{question}/status"
        problem(await expert.rest.put(status, json={"status": "resolved"}), 403, "forbidden")
        problem(await asker.rest.put(status, json={"status": "matched"}), 422, "invalid")
        assert (await asker.rest.put(status, json={"status": "resolved"})).status_code == 200
        rated = await asker.rest.post(
            f"/questions/{question}/ratings", json={"expertId": str(expert.id), "stars": 4}
        )
        assert rated.status_code == 201, rated.text
        profile = (await asker.rest.get(f"/experts/{expert.id}")).json()
        assert (profile["rating"], profile["ratingCount"], profile["accepted"]) == (4, 1, 1)

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"content": ""}, "content"),
            ({"content": "  "}, "content"),
            ({"content": "x" * 4001}, "content"),
            ({"content": "a\u0000b"}, "content"),
            ({"content": "a", "urgency": "now"}, "urgency"),
            ({"content": "a", "wish": 1}, "wish"),
            ({}, "content"),
        ],
    )
    async def test_invalid_fields_are_named(self, world: World, body: dict[str, Any], field: str) -> None:
        me = await world.person()
        found = problem(await me.rest.post("/questions", json=body), 422, "invalid")
        assert [error["field"] for error in found["errors"]] == [field]

    async def test_what_is_not_json(self, world: World) -> None:
        me = await world.person()
        headers = {"content-type": "application/json"}
        problem(await me.rest.post("/questions", content="{", headers=headers), 400, "malformed")

    async def test_paging_gives_each_once(self, world: World) -> None:
        me = await world.person()
        asked = [(await me.ask(f"질문 {i}?"))["id"] for i in range(5)]
        seen: list[str] = []
        cursor: str | None = None
        while True:
            query = {"mine": "true", "limit": "2"} | ({"cursor": cursor} if cursor else {})
            page = (await me.rest.get("/questions", params=query)).json()
            seen += [one["id"] for one in page["items"]]
            if (cursor := page["next"]) is None:
                break
        assert seen == asked[::-1]
        problem(await me.rest.get("/questions", params={"cursor": "nonsense"}), 422, "invalid")


class TestExperts:
    async def test_a_profile_is_listed_and_searched(self, world: World) -> None:
        expert = await world.expert("김전문")
        found = (await expert.rest.get("/experts/search", params={"category": "파이썬", "limit": 50})).json()
        (mine,) = [one for one in found["items"] if one["expertId"] == str(expert.id)]
        assert (mine["displayName"], mine["online"], mine["rating"]) == ("김전문", False, None)
        profile = (await expert.rest.get("/users/profile")).json()
        assert profile["expert"]["specialties"] == [{"name": "파이썬", "level": 5}]

    async def test_while_the_matcher_is_away_search_falls_back_and_says_so(self, world: World) -> None:
        expert = await world.expert()
        found = (await expert.rest.get("/experts/search", params={"q": "파이썬", "limit": 50})).json()
        assert found["note"]
        assert str(expert.id) in {one["expertId"] for one in found["items"]}

    async def test_only_who_is_online(self, world: World) -> None:
        here, away = await world.expert(), await world.expert()
        await here.connect()

        async def online() -> set[str]:
            answer = await away.rest.get("/experts/search", params={"online": "true", "limit": 50})
            return {one["expertId"] for one in answer.json()["items"]}

        async with asyncio.timeout(5):
            while str(here.id) not in await online():
                await asyncio.sleep(0.01)
        assert str(away.id) not in await online()

    async def test_nobody_by_that_id(self, world: World) -> None:
        me = await world.person()
        problem(await me.rest.get(f"/experts/{uuid4()}"), 404, "not_found")
        problem(await me.rest.get("/experts/x"), 422, "invalid")


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


class TestPages:
    async def get(self, world: World, path: str) -> httpx.Response:
        transport = httpx.ASGITransport(world.gateway.http)
        async with httpx.AsyncClient(transport=transport, base_url="http://yeon.test:8000") as client:
            return await client.get(path)

    async def test_the_client_is_served_with_strict_headers(self, world: World) -> None:
        page = await self.get(world, "/")
        assert page.status_code == 200
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["x-content-type-options"] == "nosniff"
        module = await self.get(world, "/vendor/preact.mjs")
        assert module.headers["content-type"].startswith("text/javascript")

    async def test_a_client_is_told_where_the_socket_is(self, world: World) -> None:
        found = (await self.get(world, "/api/config")).json()
        assert found["wsUrl"].startswith("ws://yeon.test:")
        assert found["limits"]["messages"] == "1000/second"

    async def test_health_and_what_is_behind(self, world: World) -> None:
        assert (await self.get(world, "/healthz")).json() == {"status": "ok"}
        ready = await self.get(world, "/readyz")
        assert ready.status_code == 200, ready.text
        assert ready.json()["parts"].keys() == {"database", "redis", "views"}
        assert "yeon_gateway_sockets" in (await self.get(world, "/metrics")).text

    async def test_the_contracts_are_served(self, world: World) -> None:
        assert (await self.get(world, "/asyncapi.yaml")).text.startswith("asyncapi")
        assert (await self.get(world, "/openapi.json")).json()["openapi"].startswith("3.")
        assert (await self.get(world, "/docs")).status_code == 200

    @pytest.mark.parametrize("path", ["/api/nothing", "/../pyproject.toml", "/%2e%2e/%2e%2e/pyproject.toml"])
    async def test_nothing_else_is(self, world: World, path: str) -> None:
        answer = await self.get(world, path)
        problem(answer, 404, "not_found")
