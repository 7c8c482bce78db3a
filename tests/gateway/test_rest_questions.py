"""Questions and experts over REST: what each call answers, refuses and shows to whom."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import pytest

from projections.queries.reading import to_cursor
from tests.gateway.conftest import World
from tests.gateway.person import problem


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

    async def test_other_words_are_read_at_once_and_heard_by_who_was_asked(self, world: World) -> None:
        asker, expert = await world.person(), await world.expert()
        question = await world.offered(asker, expert)
        await expert.connect()
        words = {"content": "달리 말하면 왜일까요?", "category": "물리", "urgency": "low"}
        problem(await expert.rest.put(f"/questions/{question}", json=words), 403, "forbidden")
        edited = await asker.rest.put(f"/questions/{question}", json=words)
        assert edited.status_code == 200, edited.text
        found = (await asker.rest.get(f"/questions/{question}")).json()
        assert {name: found[name] for name in words} == words

        def heard() -> list[str]:
            told = [one for one in expert.frames if one["type"] == "question_assigned"]
            return [one["data"]["question"]["content"] for one in told]

        await expert.until(lambda: words["content"] in heard())

        await expert.rest.post(f"/questions/{question}/accept")
        problem(await asker.rest.put(f"/questions/{question}", json={"content": "또?"}), 409, "conflict")

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

    @pytest.mark.parametrize("announced", [True, False])
    async def test_a_body_too_large_is_not_read(self, world: World, announced: bool) -> None:
        me = await world.person()

        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(200):
                yield b" " * 1_000

        headers = {"content-type": "application/json"}
        body = b" " * 200_000 if announced else pieces()
        answer = await me.rest.post("/questions", content=body, headers=headers)
        problem(answer, 413, "too_large")

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

    async def test_a_search_goes_on_page_by_page_with_everybody_once(self, world: World) -> None:
        experts = [await world.expert() for _ in range(5)]
        items = [
            {"expertId": str(one.id), "score": 0.9 - n / 10, "reasons": []} for n, one in enumerate(experts)
        ]
        answering = httpx.MockTransport(lambda request: httpx.Response(200, json={"items": items}))
        state, services = world.gateway.http.state, world.gateway.http.state.services
        pages: list[list[str]] = []
        async with httpx.AsyncClient(transport=answering, base_url="http://matcher") as matcher:
            state.services = replace(services, matcher=matcher)
            try:
                asked: dict[str, Any] = {"q": "파이썬", "limit": 2}
                while asked.get("cursor", "") is not None:
                    found = (await experts[0].rest.get("/experts/search", params=asked)).json()
                    pages.append([one["expertId"] for one in found["items"]])
                    asked["cursor"] = found["next"]
                wrong = {"q": "파이썬", "cursor": to_cursor("x", 1)}
                bad = await experts[0].rest.get("/experts/search", params=wrong)
            finally:
                state.services = services
        ids = [str(one.id) for one in experts]
        assert pages == [ids[:2], ids[2:4], ids[4:]]
        assert bad.status_code in {400, 422}

    async def test_while_the_matcher_is_away_a_search_is_not_gone_on_with(self, world: World) -> None:
        me = await world.person()
        answer = await me.rest.get("/experts/search", params={"q": "파이썬", "cursor": to_cursor(0.5, "a")})
        problem(answer, 503, "unavailable")

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
