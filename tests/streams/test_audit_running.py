"""The audit as it runs: in the worker, and as a command beside it."""

import asyncio
import json
import os
import sys
import time
from typing import Any

import pytest

from infra.postgres import pool as connect
from schemas.topics import CONVERSATIONS
from tests.faults.conftest import Roles
from tests.projections.history import Conversation
from tests.projections.whole_stories import rich, store
from tests.streams.test_worker import today


async def audit_command(roles: Roles, *words: str) -> tuple[int | None, dict[str, Any]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "infra.cli", "audit", "--json"),
        *words,
        env={**os.environ, **roles.environment},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    return process.returncode, json.loads(said)


@pytest.mark.timeout(240)
async def test_a_running_worker_notices_a_missing_event_within_five_seconds(
    roles: Roles, redis_url: str
) -> None:
    # given a worker that holds all there is
    roles.environment["YEON_REDIS_URL"] = redis_url
    async with connect(roles.environment["YEON_POSTGRES_URL"], "test") as pool:
        history = rich()
        await store(pool, today(history.events))
        async with pool.connection() as connection:
            await connection.execute("UPDATE store.log_head SET position = %s", (len(history.events),))
        roles.start("streams", "relay")
        roles.start("streams", "worker")

        async def looked(column: str) -> Any:
            async with pool.connection() as connection:
                row = await (await connection.execute(f"SELECT {column}".encode())).fetchone()
            return row[0] if row else None

        deadline = time.monotonic() + 120
        while await looked("audited FROM ops.audit") != len(history.events):
            assert time.monotonic() < deadline, roles.said("streams", "worker")
            await asyncio.sleep(0.1)
        code, said = await audit_command(roles, "--deep")
        assert [part for part in said["parts"] if part["position"] is not None] == [], [
            p for p in said["parts"] if p["position"] is not None
        ]
        assert code == 0
        assert {part["part"] for part in said["parts"]} > {
            "store",
            "view:rooms",
            CONVERSATIONS,
            "table rooms",
        }

        # when an event is missing in a view, then it is noticed, at its position
        lost = next(e for e in history.events if e.type == "yeon.room.message_posted.v1")
        async with pool.connection() as connection:
            await connection.execute(
                "DELETE FROM views.room_items WHERE room_id = %s AND seq = %s",
                (lost.stream_id, lost.version - 1),
            )
        began = time.monotonic()
        while not await looked("count(*) FROM ops.differences"):
            assert time.monotonic() < began + 5
            await asyncio.sleep(0.05)
        assert await looked("position FROM ops.differences") == lost.position
        code, said = await audit_command(roles, "--deep", "--no-topics")
        assert code == 1
        parts = {part["part"]: part for part in said["parts"]}
        assert parts["view:rooms"]["position"] == lost.position
        assert parts["table room_items"]["found"] == parts["table room_items"]["wanted"] - 1

    # and an event that the relay passed over is noticed by who reads the topics
    await relay_passes_over(roles)


async def relay_passes_over(roles: Roles) -> None:
    """The chain on Kafka is whole, but an event of the store is not in it."""
    async with connect(roles.environment["YEON_POSTGRES_URL"], "test") as pool:
        asked = rich().events
        async with pool.connection() as connection:
            await connection.execute("DELETE FROM ops.differences")
            head = len(asked)
            for relay in [p for p in roles.running if roles.arguments[p.pid] == ("streams", "relay")]:
                relay.kill()
                relay.wait()
                roles.running.remove(relay)
        history = rich()
        talk = Conversation(history, "later", history.person("더 묻는 이"))
        more = [talk.asked(), talk.cancelled()]
        await store(pool, today(history.events[head:]))
        passed_over = more[0].position
        async with pool.connection() as connection:
            await connection.execute("UPDATE store.log_head SET position = %s", (len(history.events),))
            await connection.execute("UPDATE ops.relay_head SET position = %s", (passed_over,))
        roles.start("streams", "relay")
        deadline = time.monotonic() + 60
        found: list[Any] = []
        while not found:
            assert time.monotonic() < deadline, roles.said("streams", "worker")
            async with pool.connection() as connection:
                found = await (
                    await connection.execute(
                        "SELECT part, position FROM ops.differences WHERE part = 'topics'"
                    )
                ).fetchall()
            await asyncio.sleep(0.1)
        assert found[0][1] in (passed_over, passed_over - 1)
