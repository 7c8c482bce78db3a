"""An event store that was restored from an older backup is noticed by all that follow it, and they can follow again."""

import asyncio
import os
import sys

import psycopg
import pytest

from tests.faults.conftest import Roles
from tests.faults.loading import applied, assert_nothing_lost, query, talking

RELAY, WORKER = ("streams", "relay"), ("streams", "worker")


async def yeon(roles: Roles, *words: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "infra.cli", *words),
        env={**os.environ, **roles.environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


@pytest.mark.timeout(400)
async def test_an_older_store_stops_what_follows_it_until_it_is_made_to_follow(
    roles: Roles, redis_url: str
) -> None:
    # given a relay and a worker that hold all that was said
    roles.environment["YEON_REDIS_URL"] = redis_url
    async with talking(roles) as talk:
        relay, worker = roles.start(*RELAY), roles.start(*WORKER)
        writer = await talk.begin(0)
        await roles.until(lambda: applied(roles) > 60, 120)
        writer.kill()
        await writer.wait()
        await assert_nothing_lost(talk)
        said = applied(roles)

        # when they are stopped, and the store is as it was twenty events ago
        for process in (relay, worker):
            process.terminate()
            process.wait()
            roles.running.remove(process)
        with psycopg.connect(roles.environment["YEON_POSTGRES_URL"]) as connection:
            connection.execute("UPDATE store.log_head SET position = position - 20")
            connection.execute(
                "DELETE FROM store.stored_events WHERE notification_id > (SELECT position FROM store.log_head)"
            )

        # then neither goes on, and each says why
        relay, worker = roles.start(*RELAY), roles.start(*WORKER)
        async with asyncio.timeout(60):
            while relay.poll() is None or worker.poll() is None:
                await asyncio.sleep(0.05)
        assert (relay.returncode, worker.returncode) == (1, 1)
        assert "restored from an older backup" in roles.said(*RELAY)
        assert "restored from an older" in roles.said(*WORKER)

        # and once the views and the topics are made anew, all of it follows the store again
        views = await yeon(roles, "rebuild", "all")
        assert await views.wait() == 0
        assert applied(roles) == said - 20
        again = await yeon(roles, "rebuild", "topics")
        await roles.until(lambda: again.returncode is not None, 120)
        assert again.returncode == 0
        talk.acknowledged.clear()
        await talk.begin(1)
        await roles.until(lambda: applied(roles) > said + 20, 90)
        await assert_nothing_lost(talk)
        assert query(roles, "SELECT count(*) FROM ops.differences") == [(0,)]
