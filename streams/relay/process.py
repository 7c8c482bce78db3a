"""The relay's process: one of any number is active, the others stand by and take over within a second."""

import asyncio
import logging
import signal

from psycopg import AsyncConnection, Error
from psycopg_pool import PoolTimeout

from infra.log import EventLog
from infra.postgres import pool
from infra.settings import Settings
from streams.relay.active import ActiveRelay
from streams.relay.hint import Hint
from streams.relay.ledger import Ledger

log = logging.getLogger(__name__)

STANDBY_SECONDS = 0.5
RETRY_SECONDS = 1.0


async def run_relay(settings: Settings) -> None:
    """Relay until SIGTERM or SIGINT. Raises `NotOurs` if the topics hold the events of another store."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    relaying = asyncio.create_task(relay_for_ever(settings))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({relaying, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if relaying.done():
        relaying.result()
    relaying.cancel()
    await asyncio.gather(relaying, return_exceptions=True)


async def relay_for_ever(settings: Settings) -> None:
    """Stand by, be active, stand by again whenever the database was away."""
    hint = Hint(settings.postgres_url)
    listening = asyncio.create_task(hint.listen())
    try:
        while True:
            try:
                await _stand_by_and_relay(settings, hint)
            except (Error, PoolTimeout) as error:
                log.warning("the event store is away: %s", error)
            await asyncio.sleep(RETRY_SECONDS)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def _stand_by_and_relay(settings: Settings, hint: Hint) -> None:
    connection = await AsyncConnection.connect(
        settings.postgres_url,
        autocommit=True,
        application_name="yeon-relay-lock",
        connect_timeout=5,
        keepalives_idle=5,
        keepalives_interval=2,
        keepalives_count=3,
        tcp_user_timeout=10_000,
    )
    async with connection:
        ledger = Ledger(connection)
        if not await ledger.take_over():
            log.info("another relay is active; standing by")
            # Polled: a backend that waits for the lock would hold a snapshot open, and vacuum with it.
            while not await ledger.take_over():
                await asyncio.sleep(STANDBY_SECONDS)
        log.info("this relay is active")
        async with pool(settings.postgres_url, "relay", most=2, checked=False) as readers:
            await ActiveRelay(settings, EventLog(readers), ledger, hint).run()
