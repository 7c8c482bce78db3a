"""Writers that are killed in the middle of whatever they do: what was acknowledged is there, and no number is lost."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from random import Random
from uuid import UUID

from infra import postgres
from infra.log import EventLog
from schemas.events.room import MessagePosted
from tests.commands.writing import OpenRoom, Writer, assert_gapless


async def shouting(store: str, room: OpenRoom) -> Process:
    words = ("-m", "tests.commands.shouting", store, str(room.id), str(room.asker))
    return await asyncio.create_subprocess_exec(sys.executable, *words, stdout=PIPE)


async def heard(process: Process, least: int) -> list[tuple[int, UUID]]:
    """What the process was acknowledged, `least` of them before it is killed at some moment after."""
    assert process.stdout is not None
    lines = [await asyncio.wait_for(process.stdout.readline(), 30) for _ in range(least)]
    await asyncio.sleep(Random(least).uniform(0, 0.05))
    process.send_signal(signal.SIGKILL)
    lines += [line async for line in process.stdout]
    await process.wait()
    whole = [line.split() for line in lines if line.endswith(b"\n")]
    return [(int(position), UUID(message_id.decode())) for position, message_id in whole]


async def test_killed_writers_leave_no_gap_and_take_nothing_back(writer: Writer, store: str) -> None:
    room = await writer.room(await writer.expert())
    acknowledged: list[tuple[int, UUID]] = []
    for generation in range(2):
        processes = [await shouting(store, room) for _ in range(2)]
        everything = await asyncio.gather(
            *(heard(process, 60 + 25 * i + generation) for i, process in enumerate(processes))
        )
        acknowledged += [one for part in everything for one in part]
        assert (await writer.say(room)).position > 0

    head = assert_gapless(store)
    async with postgres.pool(store, "test") as pool:
        log = await EventLog(pool).read(0, head)
    posted = {e.position: e.data.message_id for e in log if isinstance(e.data, MessagePosted)}
    assert len(acknowledged) > 250
    assert all(posted[position] == message_id for position, message_id in acknowledged)
    assert len(set(posted.values())) == len(posted)
    seqs = [event.data.seq for event in log if isinstance(event.data, MessagePosted)]
    assert seqs == list(range(1, len(seqs) + 1))
