"""Load and checks for whole processes: talkers that keep what was acknowledged to them, and what must hold after."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
import pytest

from commands.application import Commands
from infra.settings import Settings
from tests.commands.writing import OpenRoom, Writer
from tests.faults.conftest import Roles

PAUSE = "0.4"
"""Of each of twenty voices: fifty messages a second for each process that talks."""


@dataclass
class Talk:
    """A room in which processes talk, each line of theirs an acknowledged position and message id."""

    roles: Roles
    rooms: list[OpenRoom]
    running: list[asyncio.subprocess.Process] = field(default_factory=list)
    acknowledged: list[tuple[int, UUID]] = field(default_factory=list)
    _readers: list[asyncio.Task[None]] = field(default_factory=list)

    async def begin(
        self, room: int = 0, pause: str = PAUSE, **environment: str
    ) -> asyncio.subprocess.Process:
        """Another process that talks until it is killed."""
        url, one = self.roles.environment["YEON_POSTGRES_URL"], self.rooms[room]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.commands.shouting", url, str(one.id), str(one.asker), pause),
            env={**os.environ, **environment},
            stdout=asyncio.subprocess.PIPE,
        )
        self.running.append(process)
        self._readers.append(asyncio.create_task(self._read(process)))
        return process

    async def end(self) -> None:
        """Kill who talks, and take in what they were acknowledged."""
        for process in self.running:
            if process.returncode is None:
                process.kill()
            await process.wait()
        await asyncio.gather(*self._readers)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            if line.endswith(b"\n"):
                position, message = line.split()
                self.acknowledged.append((int(position), UUID(message.decode())))


@asynccontextmanager
async def talking(roles: Roles, rooms: int = 2) -> AsyncIterator[Talk]:
    """Rooms on the store of `roles`, for processes to talk in; whoever still talks at the end is killed."""
    commands = Commands(Settings(postgres_url=roles.environment["YEON_POSTGRES_URL"]))
    await commands.start()
    try:
        writer = Writer(commands)
        talk = Talk(roles, [await writer.room(await writer.expert()) for _ in range(rooms)])
    finally:
        await commands.stop()
    try:
        yield talk
    finally:
        await talk.end()


def query(roles: Roles, statement: str) -> list[tuple[Any, ...]]:
    """The rows of a statement; none while its table is not there or the server is away."""
    try:
        with psycopg.connect(roles.environment["YEON_POSTGRES_URL"], connect_timeout=2) as connection:
            return connection.execute(statement.encode()).fetchall()
    except (psycopg.errors.UndefinedTable, psycopg.OperationalError):
        return []


BEHIND = """
SELECT count(*) FROM ops.tracking t JOIN ops.relay_checkpoints r USING (topic, partition)
WHERE t.consumer LIKE 'view:%' AND t.position < r.position
"""
"""Partitions of which a view has not all that was published."""


def applied(roles: Roles) -> int:
    """How many messages the views hold."""
    rows = query(roles, "SELECT count(*) FROM views.room_items")
    return int(rows[0][0]) if rows else 0


def caught_up(roles: Roles) -> bool:
    """Whether the views hold every message there is."""
    rows = query(
        roles,
        "SELECT (SELECT count(*) FROM views.room_items) = (SELECT count(*) FROM store.stored_events"
        " WHERE topic LIKE 'yeon.room.%' AND topic NOT IN ('yeon.room.opened.v1', 'yeon.room.read_marked.v1'))"
        " AND (SELECT position FROM ops.relay_head) = (SELECT position FROM store.log_head)",
    )
    return bool(rows and rows[0][0])


async def assert_nothing_lost(talk: Talk, seconds: float = 60) -> None:
    """No acknowledged message is lost, none is twice, and every view is what one built anew is."""
    await talk.end()
    roles = talk.roles
    await roles.until(lambda: caught_up(roles), seconds)
    held = query(roles, "SELECT message_id FROM views.room_items WHERE message_id IS NOT NULL")
    ids = [row[0] for row in held]
    assert len(ids) == len(set(ids)), "a message is twice"
    assert {message for _, message in talk.acknowledged} <= set(ids), "an acknowledged message is lost"
    code, said = await audit(roles)
    differing = [part for part in said["parts"] if part["position"] is not None]
    assert (code, differing, said["noticed"]) == (0, [], []), (differing, said["noticed"])


async def audit(roles: Roles) -> tuple[int | None, dict[str, Any]]:
    """`yeon audit --deep`: store, topics and views, and every view against one built anew, once the views hold all that
    is published."""
    await roles.until(lambda: query(roles, BEHIND) == [(0,)], 60)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "infra.cli", "audit", "--json", "--deep"),
        env={**os.environ, **roles.environment},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    if process.returncode == 2:
        pytest.fail(f"the audit could not be made; see {roles.directory}")
    return process.returncode, json.loads(said)
