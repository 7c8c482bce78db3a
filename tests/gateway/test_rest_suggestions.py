"""What the client is told while a question is being written."""

import psycopg

from tests.gateway.conftest import World
from tests.gateway.person import Person, problem

QUESTION = "파이썬은 어떻게 배우나요?"


class TestSuggestions:
    async def test_who_is_about_before_a_word_is_written(self, world: World) -> None:
        await world.expert()
        me = await world.person()
        found = (await me.rest.post("/questions/suggestions", json={})).json()
        assert found["about"]["experts"] >= 1
        assert (found["category"], found["similar"]) == (None, [])

    async def test_a_resolved_question_of_ones_own_with_its_room(self, world: World) -> None:
        asker, expert = await world.person(), await world.expert()
        room = await world.room(asker, expert)
        question = (await asker.rest.get(f"/chat-rooms/{room}")).json()["questionId"]
        await asker.rest.put(f"/questions/{question}/status", json={"status": "resolved"})
        [found] = (await asker.rest.post("/questions/suggestions", json={"content": QUESTION})).json()[
            "similar"
        ]
        assert (found["questionId"], found["roomId"], found["score"]) == (question, room, 1)
        about = (await asker.rest.post("/questions/suggestions", json={})).json()["about"]
        assert about["usualWaitSeconds"] > 0

    async def test_nobody_is_shown_what_a_stranger_asked(self, world: World) -> None:
        asker, expert, stranger = await world.person(), await world.expert(), await world.person()
        room = await world.room(asker, expert)
        question = (await asker.rest.get(f"/chat-rooms/{room}")).json()["questionId"]
        await asker.rest.put(f"/questions/{question}/status", json={"status": "resolved"})
        assert (await stranger.rest.post("/questions/suggestions", json={"content": QUESTION})).json()[
            "similar"
        ] == []

    async def test_an_expert_is_not_counted_for_themselves(self, world: World) -> None:
        expert = await world.expert()
        before = (await expert.rest.post("/questions/suggestions", json={})).json()["about"]["experts"]
        others = (await (await world.person()).rest.post("/questions/suggestions", json={})).json()["about"][
            "experts"
        ]
        assert others == before + 1

    async def test_demo_people_count_for_demo_people_only(self, world: World) -> None:
        # given somebody who is there for a demonstration, whom no real question is put to
        expert, me, guest = await world.expert(), await world.person(), await world.person()

        async def experts(person: Person) -> int:
            about = (await person.rest.post("/questions/suggestions", json={})).json()["about"]
            return int(about["experts"])

        before = await experts(me)
        async with await psycopg.AsyncConnection.connect(
            world.settings.postgres_url, autocommit=True
        ) as store:
            await store.execute("UPDATE views.experts SET demo = true WHERE expert_id = %s", (expert.id,))
            await store.execute("UPDATE views.people SET demo = true WHERE user_id = %s", (guest.id,))

        assert await experts(me) == before - 1
        assert await experts(guest) == before

    async def test_too_long_or_unknown_is_refused(self, world: World) -> None:
        me = await world.person()
        problem(await me.rest.post("/questions/suggestions", json={"content": "가" * 4_001}), 422, "invalid")
        problem(await me.rest.post("/questions/suggestions", json={"words": "x"}), 422, "invalid")
