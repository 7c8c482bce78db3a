"""`yeon rebuild all` while some 500 events a second are written and people read: no read fails, and none is ever wrong."""

import asyncio
import os
import sys
import time
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from infra.postgres import pool as connect
from projections.queries.reading import Pool
from projections.queries.rooms import history, rooms_of
from tests.commands.writing import OpenRoom
from tests.faults.conftest import Roles
from tests.faults.loading import applied, assert_nothing_lost, query, talking

REBUILDS = 5 if os.environ.get("YEON_SOAK_FAULTS") else 1


@dataclass
class Reader:
    """Reads a room again and again; what it has seen once must be there, and unchanged, ever after."""

    pool: Pool
    room: OpenRoom
    last: int = 0
    reads: int = 0
    said: dict[int, UUID] = field(default_factory=dict)

    async def read(self) -> None:
        while True:
            after = max(0, self.last - 50)
            page = (await history(self.pool, self.room.id, after_seq=after, limit=500))["items"]
            seqs = [item["seq"] for item in page]
            assert seqs == list(range(after + 1, after + 1 + len(seqs))), "a gap"
            assert after + len(seqs) >= self.last, "the room went back"
            for item in page:
                assert self.said.setdefault(item["seq"], item["id"]) == item["id"], (
                    "another message in its place"
                )
            self.last = after + len(seqs)
            (mine,) = (await rooms_of(self.pool, self.room.asker))["items"]
            assert mine["lastSeq"] >= self.last, "the list is behind the room"
            self.reads += 1
            await asyncio.sleep(0.002)


async def rebuilt(roles: Roles, *words: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "infra.cli", "rebuild", "all", *words),
        env={**os.environ, **roles.environment},
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == 0


def heard(roles: Roles) -> int:
    """In how many rooms something was said, as far as the views know: partitions come at their own pace."""
    rows = query(roles, "SELECT count(DISTINCT room_id) FROM views.room_items")
    return int(rows[0][0]) if rows else 0


@pytest.mark.kafka
@pytest.mark.timeout(240)
async def test_no_read_fails_and_none_is_wrong(roles: Roles, redis_url: str) -> None:
    # given a relay, a worker, people who write all the time, and people who read
    roles.environment["YEON_REDIS_URL"] = redis_url
    async with (
        talking(roles, rooms=2) as talk,
        connect(roles.environment["YEON_POSTGRES_URL"], "test") as pool,
    ):
        roles.start("streams", "relay")
        roles.start("streams", "worker")
        for room in range(2):
            await talk.begin(room, pause="0.07")
        await roles.until(lambda: applied(roles) > 500 and heard(roles) == 2, 60)
        readers = [Reader(pool, room) for room in talk.rooms]
        reading = [asyncio.create_task(reader.read()) for reader in readers]

        # when every view is rebuilt
        written, began = applied(roles), time.monotonic()
        for _ in range(REBUILDS):
            await rebuilt(roles)
        await roles.until(lambda: applied(roles) > written + 500, 60)

        # then whoever read has seen nothing of it
        rate = (applied(roles) - written) / (time.monotonic() - began)
        for task in reading:
            assert not task.done(), task.exception()
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
        print(f"{rate:.0f} events a second, {sum(reader.reads for reader in readers)} reads")
        assert all(reader.reads > 20 for reader in readers)
        await assert_nothing_lost(talk)
