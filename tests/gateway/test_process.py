"""`python -m gateway` as a process: it says goodbye when it is told to stop, and says why when it cannot start."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from infra.embedded.ports import any_free
from infra.ending import END_SECONDS
from infra.postgres import pool as connect_database
from projections.prepare import prepare
from tests.faults.proxy import Proxy
from tests.gateway.person import Person


@asynccontextmanager
async def gateway(
    database: str, redis: str, directory: Path, http: int, ws: int
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A gateway process, killed at the end if it still runs."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("YEON_")} | {
        "YEON_DATA_DIR": str(directory),
        "YEON_POSTGRES_URL": database,
        "YEON_REDIS_URL": redis,
        "YEON_HTTP_PORT": str(http),
        "YEON_WS_PORT": str(ws),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", env=environment, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.fixture
async def views(module_database: str) -> str:
    async with connect_database(module_database, "prepare") as pool:
        await prepare(pool)
    return module_database


async def somebody(http: int) -> Person:
    """Somebody with an open socket at the gateway of that port, once it serves."""
    rest = httpx.AsyncClient(base_url=f"http://127.0.0.1:{http}/api")
    async with asyncio.timeout(60):
        while True:
            try:
                if (await rest.get("/config")).status_code == 200:
                    break
            except httpx.TransportError:
                await asyncio.sleep(0.05)
    me = Person(rest, (await rest.get("/config")).json()["wsUrl"])
    await me.open()
    return me


async def test_told_to_stop_it_sends_everyone_away_gently(views: str, redis_url: str, tmp_path: Path) -> None:
    http, ws = any_free(), any_free()
    async with gateway(views, redis_url, tmp_path, http, ws) as process:
        me = await somebody(http)

        process.send_signal(signal.SIGTERM)

        draining = await me.frame("draining")
        assert 0 < draining["reconnectAfterMs"] <= 5_000
        assert await me.closed() == 1012
        assert await asyncio.wait_for(process.wait(), 20) == 0
        await me.close()


async def test_told_to_stop_while_its_stores_are_frozen_it_ends_in_the_stated_time(
    views: str, redis_url: str, tmp_path: Path
) -> None:
    # given a gateway with an open socket, and stores that have stopped answering in the middle of something
    proxies = [Proxy(urlsplit(url).port or 0) for url in (views, redis_url)]
    database, redis = (
        url.replace(f":{urlsplit(url).port}", f":{proxy.port}", 1)
        for url, proxy in zip((views, redis_url), proxies, strict=True)
    )
    http = any_free()
    try:
        async with gateway(database, redis, tmp_path, http, any_free()) as process:
            me = await somebody(http)
            for proxy in proxies:
                proxy.deafen("there", "back")
            await asyncio.sleep(1.5)  # the gateway compares once a second, and hangs on that now

            # when it is told to stop, and told again
            process.send_signal(signal.SIGTERM)
            told = time.monotonic()
            await me.closed()
            process.send_signal(signal.SIGTERM)

            # then it ends in the stated time
            await asyncio.wait_for(process.wait(), END_SECONDS + 30)
            took = time.monotonic() - told
            await me.close()
        assert took < END_SECONDS + 10, took
    finally:
        for proxy in proxies:
            proxy.close()


async def test_a_port_in_use_is_said_in_a_sentence(views: str, redis_url: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        async with gateway(views, redis_url, tmp_path, any_free(), taken.getsockname()[1]) as process:
            _, said = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    assert b"cannot start" in said
    assert b"Traceback" not in said
