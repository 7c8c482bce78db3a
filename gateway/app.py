"""Puts the gateway together: the services, the REST application and the WebSocket server, on one event loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version

import httpx
from fastapi import FastAPI
from redis.asyncio import Redis

from gateway.accounts import Accounts
from gateway.announcer import Announcer
from gateway.batched import Batched
from gateway.executor import Executor
from gateway.fanout import Fanout
from gateway.held import Held
from gateway.limits import Limits
from gateway.passwords import Passwords
from gateway.presence import Present
from gateway.push import Ear
from gateway.rest import (
    archive,
    auth,
    config,
    experts,
    files,
    health,
    inbox,
    notifications,
    operations,
    pages,
    problems,
    profile,
    questions,
    rooms,
    sizes,
)
from gateway.server import Listening, SocketServer
from gateway.services import Services
from gateway.sign_ins import SignIns
from gateway.standing import Standing
from gateway.surroundings import Surroundings
from gateway.tokens import Tokens
from gateway.typists import Typists
from gateway.views import QueriedViews
from gateway.writes import Writes
from infra.credentials import Credentials
from infra.ending import ended
from infra.files import file_store
from infra.files.sealed import SealedFiles
from infra.postgres import pool
from infra.presence import RedisPresence
from infra.push import Heard
from infra.redis import connect
from infra.secret import signing_key
from infra.settings import Settings
from projections.queries.reading import Pool
from schemas.port import CommandPort


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running gateway: the REST application to be served, and where the WebSocket is."""

    services: Services
    http: FastAPI
    websocket: Listening


@asynccontextmanager
async def running(settings: Settings, port: CommandPort) -> AsyncIterator[Gateway]:
    """Everything connected and listening but HTTP, until the block ends; then clients are sent away gently."""
    redis = connect(settings.redis_url, "gateway")
    passwords = Passwords()
    matcher_url = settings.matcher_url or f"http://{settings.matcher_host}:{settings.matcher_port}"
    async with (
        pool(settings.postgres_url, "gateway", least=2, most=8) as database,
        httpx.AsyncClient(base_url=matcher_url) as matcher,
    ):
        services = _services(settings, port, redis, database, passwords, matcher)
        sockets = SocketServer(settings, services.tokens, _surroundings(services))
        background = [
            asyncio.create_task(services.ear.run(), name="ear"),
            asyncio.create_task(services.fanout.comparison.run(), name="compare"),
            asyncio.create_task(services.present.run(), name="presence"),
            asyncio.create_task(services.sign_ins.run(), name="sign-ins"),
        ]
        try:
            listening = await sockets.start()
            yield Gateway(services, rest(services), listening)
            await sockets.stop()
        finally:
            await ended(background)
            await services.present.close()
            services.typists.close()
            await services.limits.close()
            await redis.aclose()
            passwords.close()


def rest(services: Services) -> FastAPI:
    """The REST application."""
    app = FastAPI(
        title="연결이",
        version=version("yeongyeori"),
        docs_url="/docs",
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.state.services = services
    problems.install(app)
    for router in (
        auth,
        profile,
        questions,
        archive,
        experts,
        rooms,
        files,
        inbox,
        notifications,
        operations,
        config,
    ):
        app.include_router(router.router, prefix="/api", responses=problems.DOCUMENTED)
    app.include_router(health.router)
    app.include_router(notifications.way_out)
    pages.install(app)
    settings = services.settings
    sockets = settings.ws_url or f"ws://*:{settings.ws_port} wss://*:{settings.ws_port}"
    app.add_middleware(sizes.Bounded, file_bytes=settings.file_bytes)
    app.add_middleware(pages.Guarded, sockets=sockets)
    return app


def _services(
    settings: Settings,
    port: CommandPort,
    redis: Redis,
    database: Pool,
    passwords: Passwords,
    matcher: httpx.AsyncClient,
) -> Services:
    tokens = Tokens(signing_key(settings), settings.access_token_minutes * 60)
    limits = Limits(settings)
    credentials = Credentials(database)
    batched = Batched(redis)
    writes = Writes(batched, database, settings.read_own_writes_seconds)
    executor = Executor(port, writes)
    views = QueriedViews(database)
    ear = Ear(settings.redis_url)
    fanout = Fanout(views, ear)
    announcer = Announcer(batched, fanout.pushed)
    port.tell(announcer.appended)
    typists = Typists(redis)
    sign_ins = SignIns(credentials.going_on, fanout)

    def pushed(heard: Heard) -> None:
        fanout.pushed(heard)
        typists.heard(heard, fanout.pushed)

    def compare() -> None:
        fanout.comparison.soon()
        sign_ins.soon()

    ear.tell(pushed, writes.progressed, compare, announcer.name)
    return Services(
        settings=settings,
        pool=database,
        redis=redis,
        matcher=matcher,
        tokens=tokens,
        accounts=Accounts(
            credentials,
            passwords,
            tokens,
            limits,
            executor,
            writes,
            database,
            timedelta(days=settings.refresh_token_days),
        ),
        limits=limits,
        writes=writes,
        executor=executor,
        views=views,
        fanout=fanout,
        ear=ear,
        present=Present(redis, batched, database, announcer.say),
        sign_ins=sign_ins,
        typists=typists,
        online=RedisPresence(redis),
        standing=Standing(),
        files=SealedFiles(file_store(settings), database),
        held=Held(fanout, views, settings.read_own_writes_seconds),
    )


def _surroundings(services: Services) -> Surroundings:
    return Surroundings(
        executor=services.executor,
        fanout=services.fanout,
        views=services.views,
        writes=services.writes,
        limits=services.limits,
        present=services.present,
        sign_ins=services.sign_ins,
        typists=services.typists,
        sockets_at_once=services.settings.limit_sockets,
        buffer_bytes=services.settings.socket_buffer_bytes,
    )
