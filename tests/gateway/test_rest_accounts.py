"""Accounts and refresh tokens over REST."""

import asyncio

import httpx
import pytest

from tests.gateway.conftest import World
from tests.gateway.person import PASSWORD, Person, problem


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

    async def test_guessing_is_slowed_down_also_when_all_guesses_come_at_once(self, world: World) -> None:
        me, body = await world.person(), {"password": "guess"}
        guesses = [me.rest.post("/auth/login", json=body | {"username": me.username}) for _ in range(12)]
        answers = await asyncio.gather(*guesses)
        assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 7
        right = await me.rest.post("/auth/login", json={"username": me.username, "password": PASSWORD})
        problem(right, 429, "rate_limited")
        assert 0 < int(right.headers["retry-after"]) <= 60

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

    async def test_where_one_is_signed_in_is_listed_and_ended(self, world: World) -> None:
        # given somebody who signed in twice, and renewed the first
        me, you = await world.person(), await world.person()
        login = {"username": me.username, "password": PASSWORD}
        elsewhere = (await me.rest.post("/auth/login", json=login)).json()["refreshToken"]
        mine = (await self.refresh(me, me.tokens["refreshToken"])).json()["refreshToken"]

        # when they look, then the one that was renewed last comes first and is known as the one that asks
        items = (await me.rest.post("/auth/sessions", json={"refreshToken": mine})).json()["items"]
        assert [one["current"] for one in items] == [True, False]
        assert items[0]["renewedAt"] > items[0]["since"]
        assert items[1]["renewedAt"] == items[1]["since"]

        # and only they end the other, which is not renewed any more
        other = f"/auth/sessions/{items[1]['id']}"
        problem(await you.rest.delete(other), 404, "not_found")
        assert (await me.rest.delete(other)).status_code == 204
        problem(await self.refresh(me, elsewhere), 401, "unauthenticated")
        assert (await self.refresh(me, mine)).status_code == 200
        assert len((await me.rest.post("/auth/sessions")).json()["items"]) == 1

    async def test_nobody_ends_anothers(self, world: World) -> None:
        me, you = await world.person(), await world.person()
        await you.rest.post("/auth/logout", json={"refreshToken": me.tokens["refreshToken"]})
        assert (await self.refresh(me, me.tokens["refreshToken"])).status_code == 200
