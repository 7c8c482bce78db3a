"""The encoder is changed while questions come: each is answered, and afterwards the indexes are as if made anew.

The client's own engine stands for a Qdrant server, since no server can be had.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast
from uuid import UUID

import numpy as np
import pytest
from qdrant_client import QdrantClient

from infra import redis
from infra.presence import RedisPresence
from infra.settings import Settings
from matcher import positions, reindexing
from matcher.encoded import Around, Encoded
from matcher.encoders.contract import Vector
from matcher.exchange import Exchangeable
from matcher.index import factory
from matcher.index.answers import Answered, AnswerIndex
from matcher.index.contract import ExpertIndex, IndexedExpert
from matcher.lexical.terms import Terms
from matcher.llm.budget import Budget
from matcher.reindexing import Encoders, opened
from matcher.rounds import Rounds
from projections.prepare import prepare
from projections.queries.experts import Features
from schemas.commands.question import AcceptOffer
from schemas.topics import ACCOUNTS, CONVERSATIONS, EXPERTS
from tests.matcher.lettered import Lettered
from tests.matcher.world import World

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")

DEADLINE = 10.0
"""Seconds for a list, while the indexes of another encoder are filled; the shortest offer runs for three minutes."""
SKILLS = ({"김치찌개": 4}, {"파이썬": 5, "SQL": 3}, {"부동산 계약": 5}, {"장미": 2, "화분": 3})
ABOUT = ("김치찌개가 시어요", "파이썬 리스트를 정렬하려면?", "전세 계약을 할 때 볼 것", "장미 잎이 노래요")


class Lasting(QdrantClient):
    """A server that outlives its clients."""

    def close(self, *args: object, **kwargs: object) -> None: ...


@dataclass
class Site:
    """A world with its matchers, which are started one after the other or side by side."""

    world: World
    around: Around
    made: dict[str, Lettered]

    @asynccontextmanager
    async def matcher(self, setting: str) -> AsyncIterator["Running"]:
        settings = self.around.settings.model_copy(update={"encoder": setting})
        async with opened(replace(self.around, settings=settings)) as encoders:
            by = encoders.now.matching
            rounds = Rounds(self.world.pool, self.world.log, by.finder, self.world.commands, by.analyst)
            await rounds.open()
            running = Running(self.world, encoders, rounds)
            yield running
            await running.stop()


@dataclass
class Running:
    """A matcher without Kafka."""

    world: World
    encoders: Encoders
    rounds: Rounds
    changing: asyncio.Future[None] | None = None

    def change(self) -> None:
        """Begin what a matcher does beside its streams."""

        async def switch(to: Encoded) -> None:
            await self.rounds.exchange(to.matching)

        async def both() -> None:
            await asyncio.gather(self.encoders.change_for_ever(switch), self.encoders.keep_for_ever())

        self.changing = asyncio.ensure_future(both())

    async def stop(self) -> None:
        if self.changing is not None:
            self.changing.cancel()
            await asyncio.gather(self.changing, return_exceptions=True)
            self.changing = None

    async def follow(self) -> None:
        """Take what Kafka would bring."""
        await self.encoders.apply_experts(await self.world.received(EXPERTS))
        await self.rounds.apply(await self.world.received(CONVERSATIONS))
        await self.encoders.apply_conversations(await self.world.received(CONVERSATIONS))
        await self.encoders.apply_conversations(await self.world.received(ACCOUNTS))

    async def answered(self, content: str) -> UUID:
        """Somebody asks, and one of those who are offered it accepts; the question."""
        question = await self.world.ask(await self.world.person(), content)
        async with asyncio.timeout(DEADLINE):
            await self.follow()
            [match] = await self.world.matched(question)
        assert match.offers
        await self.world.send(match.offers[0].expert_id, AcceptOffer(question_id=question))
        await self.follow()
        return question

    async def encoder_of(self, question: UUID) -> str:
        [match] = await self.world.matched(question)
        return match.model.encoder


@pytest.fixture(params=["embedded", "server"])
async def site(
    request: pytest.FixtureRequest,
    world: World,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Site]:
    monkeypatch.setattr(reindexing, "LOOK_SECONDS", 0.1)
    await prepare(world.pool)
    made: dict[str, Lettered] = {}

    def load(setting: str) -> Lettered:
        if setting not in made:
            raise ImportError(f"no package has {setting}")
        return made[setting]

    made |= {"one": Lettered("one", 64), "two": Lettered("two", 48)}
    server = Lasting(":memory:")
    monkeypatch.setattr(factory, "client_of", lambda settings: server)
    url = "http://qdrant" if request.param == "server" else ""
    settings = Settings(data_dir=tmp_path / "data", qdrant_url=url)
    async with redis.connect(redis_url, "test") as client:
        around = Around(
            settings,
            world.pool,
            world.log,
            Features(world.pool),
            RedisPresence(client),
            Terms(),
            Budget(1, 1),
            load,  # type: ignore[arg-type]
        )
        yield Site(world, around, made)


async def filled(site: Site) -> None:
    """Experts, and answers of theirs, in the indexes of the first encoder."""
    for number in range(24):
        await site.world.expert(SKILLS[number % 4], capacity=5)
    async with site.matcher("one") as matcher:
        for about in ABOUT * 2:
            await matcher.answered(about)


@dataclass
class Held:
    """All that the indexes hold."""

    experts: dict[UUID, IndexedExpert]
    answers: dict[int, Answered]
    """Those of the archive too."""
    vectors: dict[int, Vector]

    @classmethod
    def by(cls, encoders: Encoders) -> "Held":
        experts, *others = encoders.now.indexes
        pages = [page for index in others for page in cast(AnswerIndex, index).pages()]
        return cls(
            {one.expert_id: one for page in cast(ExpertIndex, experts).everyone() for one in page},
            {one.answer_id: one for page in pages for one in page.answers},
            {
                one.answer_id: vector
                for page in pages
                for one, vector in zip(page.answers, page.vectors, strict=True)
            },
        )

    def assert_is(self, other: "Held") -> None:
        assert self.experts == other.experts
        assert self.answers == other.answers
        # The client's engine normalises what is put twice in other digits than what is put once.
        for answer_id, vector in self.vectors.items():
            assert np.allclose(vector, other.vectors[answer_id], atol=1e-6)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await condition():
            await asyncio.sleep(0.02)


async def answers_by(matcher: Running, name: str) -> bool:
    return matcher.encoders.now.registered.setting == name


async def waits(encoder: Lettered) -> None:
    await until(lambda: asyncio.sleep(0, encoder.waiting.is_set()))


async def test_each_question_is_answered_while_the_encoder_is_changed(site: Site) -> None:
    # given indexes of one encoder
    await filled(site)
    one, two = site.made["one"], site.made["two"]

    # when the next start wants another, whose indexes take their time
    async with site.matcher("two") as matcher:
        two.waiting.clear()
        two.going.clear()
        matcher.change()
        await waits(two)

        # then questions are answered by the one before, and what comes meanwhile counts for it at once
        for about in ABOUT:
            assert await matcher.encoder_of(await matcher.answered(about)) == one.identity
        late = await site.world.expert({"바이올린": 5})
        [match] = await site.world.matched(await matcher.answered("바이올린 줄을 갈려면?"))
        assert match.offers[0].expert_id == late

        # and when they are full, by the new one, with none left out on the way
        two.going.set()
        asked = []
        while not await answers_by(matcher, "two"):
            asked.append(await matcher.answered(ABOUT[len(asked) % 4]))
        asked.append(await matcher.answered(ABOUT[0]))
        by = [await matcher.encoder_of(question) for question in asked]
        assert by == sorted(by, key=[one.identity, two.identity].index)
        assert by[-1] == two.identity

        # and the indexes hold what they would if they were made anew
        await matcher.follow()
        switched = Held.by(matcher.encoders)
        consumers = [name for names in matcher.encoders.now.consumers.values() for name in names]
    await thrown_away(site, consumers)
    async with site.matcher("two") as fresh:
        Held.by(fresh.encoders).assert_is(switched)
    assert len(switched.experts) == 25
    assert len(switched.answers) == 8 + 5 + len(asked)


async def thrown_away(site: Site, consumers: list[str]) -> None:
    async with site.world.pool.connection() as connection:
        for name in consumers:
            await positions.forget(connection, name)
    if site.around.settings.qdrant_url:
        client = factory.client_of(site.around.settings)
        for collection in client.get_collections().collections:
            client.delete_collection(collection.name)
    else:
        shutil.rmtree(site.around.settings.data_dir / "qdrant")


def names(site: Site) -> set[str]:
    """The indexes there are, by the encoder in their names."""
    if site.around.settings.qdrant_url:
        found = [one.name for one in factory.client_of(site.around.settings).get_collections().collections]
    else:
        found = [one.name for one in (site.around.settings.data_dir / "qdrant").iterdir()]
    return {name.split("lettered-")[1].split("-")[0] for name in found}


async def tracked(world: World) -> set[str]:
    async with world.pool.connection() as connection:
        rows = await connection.execute("SELECT DISTINCT consumer FROM ops.tracking")
        return {name for (name,) in await rows.fetchall() if "lettered" in name}


async def nobody_else(site: Site) -> None:
    """The time has passed after which a matcher that says nothing is gone."""
    async with site.world.pool.connection() as connection:
        await connection.execute(
            "UPDATE ops.encoders SET used_at = used_at - interval '1 minute',"
            " filled_at = filled_at - interval '1 minute'"
        )


async def test_the_old_indexes_go_when_nobody_uses_them(site: Site) -> None:
    await filled(site)
    async with site.matcher("two") as matcher:
        assert names(site) == {"one"}
        matcher.change()

        async def gone() -> bool:
            await nobody_else(site)
            return names(site) == {"two"}

        await until(gone)
        assert await answers_by(matcher, "two")
        assert all("lettered-two" in consumer for consumer in await tracked(site.world))


async def test_a_matcher_that_ends_while_it_fills_begins_again_and_so_does_one_that_wants_the_old_one_back(
    site: Site,
) -> None:
    await filled(site)
    two = site.made["two"]
    for setting in ("two", "one", "two"):
        async with site.matcher(setting) as matcher:
            two.waiting.clear()
            two.going.clear()
            matcher.change()
            if setting == "two":
                await waits(two)
            else:
                await nobody_else(site)
                await until(lambda: asyncio.sleep(0, names(site) == {"one"}))
            question = await matcher.answered("김치찌개가 매워요")
            assert await matcher.encoder_of(question) == site.made["one"].identity
            two.going.set()
    async with site.matcher("two") as matcher:
        await nobody_else(site)
        matcher.change()
        await until(lambda: answers_by(matcher, "two"))


async def test_without_the_old_encoder_the_indexes_are_filled_first_and_it_is_said_why(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    await filled(site)
    del site.made["one"]

    async with site.matcher("two") as matcher:
        assert await answers_by(matcher, "two")
        question = await matcher.answered("김치찌개가 매워요")
        assert await matcher.encoder_of(question) == site.made["two"].identity

    assert "no package has one" in caplog.text
    assert "lettered-one answered until now" in caplog.text


async def test_an_encoder_that_is_another_under_the_same_name_does_not_answer_for_the_old_one(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """A package that was upgraded makes other vectors."""
    await filled(site)
    site.made["one"] = Lettered("three", 32)

    async with site.matcher("one") as matcher:
        assert matcher.encoders.now.registered.identity == "lettered-three"

    assert "one is another encoder now" in caplog.text


@pytest.mark.parametrize("site", ["server"], indirect=True)
async def test_indexes_that_another_matcher_answers_by_stay_and_hear_of_everything(site: Site) -> None:
    """Matchers that are started anew one after the other: Kafka's partitions are divided among them."""
    await filled(site)
    async with site.matcher("one") as old, site.matcher("two") as new:
        old.change()
        new.change()
        await until(lambda: answers_by(new, "two"))

        late = await site.world.expert({"바이올린": 5})
        await new.follow()

        async def known() -> bool:
            return late in cast(ExpertIndex, old.encoders.now.indexes[0]).get([late])

        await until(known)
        assert names(site) == {"one", "two"}
        await old.stop()
        await nobody_else(site)
        await until(lambda: asyncio.sleep(0, names(site) == {"two"}))


async def test_what_is_exchanged_is_let_go_when_its_last_user_is_done() -> None:
    thing = Exchangeable("old")
    with thing.use() as first:
        left = asyncio.ensure_future(_awaited(thing.exchange("new")))
        await asyncio.sleep(0)
        with thing.use() as second:
            await asyncio.sleep(0)
            assert (first, second, left.done()) == ("old", "new", False)
    assert await left == "old"


async def _awaited(waiting: Awaitable[str]) -> str:
    return await waiting
