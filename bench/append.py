"""Append: durable commands a second, with group commit and with one command a transaction, on a PostgreSQL of its own.

The commands are messages in open rooms, sent by many senders who each wait for their answer before the next, which
is the best that one command a transaction can get too. fsync is on.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import psycopg

from bench.stack import percentiles, say
from bench.world import Room, World
from commands import group_commit
from commands.application import Commands
from infra.clock import now
from infra.embedded import Postgres
from infra.embedded.ports import any_free
from infra.ids import new_id
from infra.postgres import prepare
from infra.settings import Settings
from schemas.commands.room import PostMessage
from schemas.envelope import Context

ROOMS, MEMBERS = 40, 5
SECONDS = 8.0
WORDS = "컨슈머 그룹의 리밸런싱은 대개 세션 시간과 처리 시간의 차이에서 와요. 먼저 그 둘을 재 보세요."


@contextmanager
def _postgres() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="yeon-bench-") as directory:
        part = Postgres(Path(directory) / "postgres", any_free(), Path(directory) / "postgres.log")
        part.start()
        try:
            prepare(part.url)
            yield part.url
        finally:
            part.stop()


@asynccontextmanager
async def _started(commands: Commands) -> AsyncIterator[Commands]:
    await commands.start()
    try:
        yield commands
    finally:
        await commands.stop()


async def _measure(url: str, most: int, senders: int) -> dict[str, object]:
    """The rate over `SECONDS`, at most `most` commands a transaction."""
    before, group_commit.MOST = group_commit.MOST, most
    try:
        settings = Settings(postgres_url=url)
        async with World(settings) as world:
            rooms = await world.rooms(ROOMS, MEMBERS)
        async with _started(Commands(settings)) as commands:
            times: list[float] = []
            until = time.perf_counter() + SECONDS

            async def send(room: Room, number: int) -> None:
                sender = room.members[number % MEMBERS]
                while (began := time.perf_counter()) < until:
                    command = PostMessage(room_id=room.id, message_id=new_id(), content=WORDS)
                    command_id = new_id()
                    await commands.execute(command, Context(command_id, sender, now(), command_id))
                    times.append(time.perf_counter() - began)

            began = time.perf_counter()
            await asyncio.gather(*(send(rooms[i % ROOMS], i) for i in range(senders)))
            rate = len(times) / (time.perf_counter() - began)
            return {"per_second": round(rate), "commands": len(times), "ms": percentiles(times)}
    finally:
        group_commit.MOST = before


async def main() -> None:
    """Print both rates."""
    with _postgres() as url:
        with psycopg.connect(url) as connection:
            (fsync,) = connection.execute("SHOW fsync").fetchone() or ("?",)
        for name, most, senders in (("group commit", 256, 512), ("one a transaction", 1, 64)):
            say("append", how=name, senders=senders, fsync=fsync, **await _measure(url, most, senders))


if __name__ == "__main__":
    asyncio.run(main())
