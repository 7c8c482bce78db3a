"""Wires the matcher together and runs it: the consumers of experts and conversations, and the internal endpoint."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterator

import uvicorn
from fastapi import FastAPI
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from infra import postgres, redis
from infra.kafka.app import Batch, build_app, consume
from infra.kafka.beginning import prepare_group
from infra.kafka.process import run_app
from infra.log import EventLog
from infra.presence import RedisPresence
from infra.settings import Settings
from matcher.abreast import Abreast
from matcher.analysts.factory import budget_of, make_analyst, make_drafter
from matcher.answering import TYPES as ANSWER_TYPES
from matcher.answering import Answering
from matcher.archiving import KIND as ARCHIVE
from matcher.archiving import TYPES as ARCHIVE_TYPES
from matcher.archiving import Archive
from matcher.encoders.contract import Encoder
from matcher.encoders.factory import make_encoder
from matcher.encoders.worker import EncoderThread
from matcher.finder import Finder
from matcher.index.answers import AnswerIndex
from matcher.index.contract import ExpertIndex
from matcher.index.factory import make_answer_index, make_index
from matcher.index.watching import IndexWatch
from matcher.indexing import Indexing
from matcher.lexical.terms import Terms
from matcher.live_ranker import LiveRanker, rankers_in
from matcher.recall import Recall
from matcher.rounds import CONSUMER, TYPES, Rounds
from matcher.service import make_service
from matcher.spelling import Spellings
from matcher.wiping import keep_wiping
from schemas.port import CommandPort, FeatureSource
from schemas.topics import ACCOUNTS, CONVERSATIONS, EXPERTS

log = logging.getLogger(__name__)

EAGER_SECONDS = 0.03
"""About what encoding a question takes; most of what comes are messages that only pass."""

APPLICATION = "matcher"
Pool = AsyncConnectionPool[AsyncConnection]


async def serve(
    settings: Settings,
    commands: CommandPort,
    features_from: Callable[[Pool], FeatureSource],
    terms: Terms | None = None,
) -> None:
    """Run until SIGTERM or SIGINT. Raises what `infra.kafka.process.run_app` raises."""
    endpoint = _listen(settings.matcher_host, settings.matcher_port)
    terms = terms or Terms()
    loading = asyncio.create_task(asyncio.to_thread(terms.load))  # two seconds, beside all the rest
    budget = budget_of(settings)
    async with (
        postgres.pool(settings.postgres_url, APPLICATION) as pool,
        redis.connect(settings.redis_url, APPLICATION) as client,
        _encoder(settings) as (thread, encoder),
        make_analyst(settings, thread, budget) as analyst,
        make_drafter(settings, budget) as drafter,
        _index(settings, encoder) as index,
        _answers(settings, encoder, "answers") as answers,
        _answers(settings, encoder, ARCHIVE) as passages,
    ):
        recall = Recall(answers, encoder.dim, encoder.similarity_range)
        event_log = EventLog(pool)
        finder = Finder(thread, encoder, index, features_from(pool), RedisPresence(client), recall, terms)
        spellings = Spellings(index)
        indexing = Indexing(pool, event_log, thread, encoder.identity, index, recall.set_free, spellings.note)
        answering = Answering(pool, event_log, thread, recall, index, terms)
        archive = Archive(pool, event_log, thread, passages, terms, encoder.similarity_range)
        abreast = Abreast(pool, event_log, indexing.consumer)
        live = LiveRanker(event_log, rankers_in(settings), encoder.identity)
        rounds = Rounds(pool, event_log, finder, commands, analyst, abreast, live)
        await indexing.open()
        await answering.open()
        await archive.open()
        await loading
        await rounds.open()
        log.info("index %s holds %d experts", index.name, await asyncio.to_thread(index.count))

        remembering = [answering.consumer, archive.consumer]
        consumers = {
            EXPERTS: [indexing.consumer],
            CONVERSATIONS: [CONSUMER, *remembering],
            ACCOUNTS: remembering,
        }
        group = await prepare_group(APPLICATION, settings, consumers)
        app = build_app(group, settings, EAGER_SECONDS)
        consume(app, group, [EXPERTS], indexing.apply)

        async def conversations(batch: Batch) -> None:
            """Questions first: somebody waits for them."""
            await rounds.apply(batch)
            await remember(batch)

        async def remember(batch: Batch) -> None:
            await answering.apply(batch)
            await archive.apply(batch)

        consume(app, group, [CONVERSATIONS], conversations, only=TYPES | ANSWER_TYPES | ARCHIVE_TYPES)
        consume(app, group, [ACCOUNTS], remember, only=ANSWER_TYPES | ARCHIVE_TYPES)
        watch = IndexWatch([index, answers, passages])
        server = _Endpoint(make_service(finder, archive, drafter, watch, spellings))
        try:
            await run_app(
                app,
                settings,
                consumers,
                group,
                beside=[
                    lambda: server.serve(sockets=[endpoint]),
                    watch.watch_for_ever,
                    rounds.flush_for_ever,
                    answering.flush_for_ever,
                    archive.flush_for_ever,
                    indexing.release_for_ever,
                    lambda: keep_wiping([index, answers, passages]),
                ],
            )
        finally:
            await rounds.flush()
            await answering.flush()
            await archive.flush()


@contextlib.asynccontextmanager
async def _encoder(settings: Settings) -> AsyncIterator[tuple[EncoderThread, Encoder]]:
    thread = EncoderThread(lambda: make_encoder(settings.encoder))
    encoder = await thread.start()
    try:
        yield thread, encoder
    finally:
        await thread.stop()


@contextlib.asynccontextmanager
async def _index(settings: Settings, encoder: Encoder) -> AsyncIterator[ExpertIndex]:
    index = make_index(settings, encoder)
    try:
        yield index
    finally:
        await asyncio.to_thread(index.close)


@contextlib.asynccontextmanager
async def _answers(settings: Settings, encoder: Encoder, kind: str) -> AsyncIterator[AnswerIndex]:
    index = make_answer_index(settings, encoder, kind)
    try:
        yield index
    finally:
        await asyncio.to_thread(index.close)


def _listen(host: str, port: int) -> socket.socket:
    """Taken before anything else, so that a port in use is told at once; uvicorn would end the process itself."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family)
    listening.setblocking(False)
    return listening


class _Endpoint(uvicorn.Server):
    """Leaves the process's signals to `run_app`."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
