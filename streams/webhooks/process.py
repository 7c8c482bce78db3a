"""The webhooks' process: one of any number is active, the others stand by; each endpoint has a life of its own."""

import asyncio
import logging
import signal
from datetime import timedelta

from psycopg import AsyncConnection, Error
from psycopg_pool import PoolTimeout

from infra.log import EventLog
from infra.postgres import pool as connect
from infra.settings import Settings
from projections.queries.reading import Pool
from streams.relay.hint import Hint
from streams.webhooks import ledger
from streams.webhooks.delivering import Delivering
from streams.webhooks.endpoint import Endpoint
from streams.webhooks.line import Policy

log = logging.getLogger(__name__)

LOCK = 0x7965_6F6E_0020
"""The advisory lock of the active process."""
LOOK_SECONDS = 1.0
"""How often it is looked what an operator changed."""
STANDBY_SECONDS = 0.5
HINT_SECONDS = 0.25


async def run_webhooks(settings: Settings) -> None:
    """Send until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    sending = asyncio.create_task(send_for_ever(settings))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({sending, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if sending.done():
        sending.result()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)


async def send_for_ever(settings: Settings) -> None:
    """Stand by, be active, and stand by again whenever the database was away."""
    while True:
        try:
            await _stand_by_and_send(settings)
        except (Error, PoolTimeout) as error:
            log.warning("PostgreSQL is away: %s", error)
        await asyncio.sleep(LOOK_SECONDS)


async def _stand_by_and_send(settings: Settings) -> None:
    connection = await AsyncConnection.connect(
        settings.postgres_url,
        autocommit=True,
        application_name="yeon-webhooks-lock",
        connect_timeout=5,
        keepalives_idle=5,
        keepalives_interval=2,
        keepalives_count=3,
    )
    async with connection:
        while not await _locked(connection):
            await asyncio.sleep(STANDBY_SECONDS)
        log.info("these webhooks are active")
        async with connect(settings.postgres_url, "webhooks", most=6) as pool:
            await _Active(settings, pool).run(connection)


async def _locked(connection: AsyncConnection) -> bool:
    row = await (await connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,))).fetchone()
    return bool(row and row[0])


class _Active:
    def __init__(self, settings: Settings, pool: Pool) -> None:
        self._settings = settings
        self._pool = pool
        self._store = EventLog(pool)
        self._hint = Hint(settings.postgres_url)
        self._policy = Policy(
            timedelta(seconds=settings.webhook_first_retry_seconds),
            timedelta(seconds=settings.webhook_slowest_retry_seconds),
            settings.webhook_attempts,
            settings.webhook_requests,
        )
        self._lives: dict[Endpoint, tuple[Delivering, asyncio.Task[None]]] = {}

    async def run(self, lock: AsyncConnection) -> None:
        """Until cancelled, or the connection with the lock is gone: raises psycopg.Error then."""
        beside = [asyncio.create_task(self._hint.listen()), asyncio.create_task(self._tell())]
        try:
            while True:
                await lock.execute("SELECT 1")
                await self._follow(await ledger.endpoints(self._pool))
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            tasks = [*beside, *(task for _, task in self._lives.values())]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, wanted: list[Endpoint]) -> None:
        """One life for each of `wanted` as it is configured now."""
        for endpoint in [known for known in self._lives if known not in wanted]:
            _, task = self._lives.pop(endpoint)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            log.info("webhook %s ends or changes", endpoint.name)
        for endpoint in [one for one in wanted if one not in self._lives]:
            life = Delivering(self._pool, self._store, endpoint, self._policy, self._settings.webhook_seconds)
            self._lives[endpoint] = life, asyncio.create_task(life.run(), name=endpoint.consumer)
            log.info("webhook %s begins: %r", endpoint.name, endpoint)
        for _, task in self._lives.values():
            if task.done():
                task.result()

    async def _tell(self) -> None:
        while True:
            self._hint.clear()
            await self._hint.wait(HINT_SECONDS)
            for life, _ in self._lives.values():
                life.appended.set()
