"""Wires the matcher together and runs it: the consumers of experts and conversations, and the internal endpoint."""

import asyncio
import contextlib
import gc
import logging
import socket
from collections.abc import Callable, Iterator

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
from matcher.analysts.factory import budget_of, make_drafter
from matcher.answering import TYPES as ANSWER_TYPES
from matcher.archiving import TYPES as ARCHIVE_TYPES
from matcher.encoded import Around, Encoded
from matcher.index.watching import IndexWatch
from matcher.lexical.terms import Terms
from matcher.matching import TYPES
from matcher.reindexing import opened
from matcher.rounds import CONSUMER, Rounds
from matcher.service import make_service
from matcher.serving import FindsNow, SpeltNow
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
        make_drafter(settings, budget) as drafter,
        opened(
            Around(settings, pool, EventLog(pool), features_from(pool), RedisPresence(client), terms, budget)
        ) as encoders,
    ):
        await loading
        matching = encoders.now.matching
        rounds = Rounds(
            pool,
            EventLog(pool),
            matching.finder,
            commands,
            matching.analyst,
            matching.abreast,
            matching.live,
        )
        await rounds.open()
        # What experts have answered is millions of objects that stay: looking through them held a question up for 0.2 s.
        gc.collect()
        gc.freeze()

        async def switch(to: Encoded) -> None:
            await rounds.exchange(to.matching)

        consumers = encoders.consumers
        consumers[CONVERSATIONS].insert(0, CONSUMER)
        group = await prepare_group(APPLICATION, settings, consumers)
        app = build_app(group, settings, EAGER_SECONDS)
        consume(app, group, [EXPERTS], encoders.apply_experts)

        async def conversations(batch: Batch) -> None:
            """Questions first: somebody waits for them."""
            await rounds.apply(batch)
            await encoders.apply_conversations(batch)

        consume(app, group, [CONVERSATIONS], conversations, only=TYPES | ANSWER_TYPES | ARCHIVE_TYPES)
        consume(app, group, [ACCOUNTS], encoders.apply_conversations, only=ANSWER_TYPES | ARCHIVE_TYPES)
        watch = IndexWatch(encoders.indexes)
        finds, spelt = FindsNow(encoders.exchangeable), SpeltNow(encoders.exchangeable)
        server = _Endpoint(make_service(finds, finds, drafter, watch, spelt))
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
                    encoders.keep_for_ever,
                    lambda: encoders.change_for_ever(switch),
                    lambda: keep_wiping(encoders.indexes),
                ],
            )
        finally:
            await rounds.flush()


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
