"""A long history in moments: `python -m tests.browser.pouring ROOM SENDER COUNT`, beside a running `yeon up`.

The messages go the way of all others, only many at once: decided by the rules of the room, in group commits, into the
event store, and from there over Kafka into the views. Its settings are those of the stack (`YEON_DATA_DIR`).
"""

import asyncio
import sys
from uuid import UUID

from commands.application import Commands
from infra.clock import now
from infra.ids import new_id
from infra.settings import settings
from schemas.commands.room import PostMessage
from schemas.envelope import Context

AT_ONCE = 1_000


async def pour(room_id: UUID, sender: UUID, count: int) -> None:
    """Have `sender` say `말 1.` to `말 <count>.` in the room, in this order; all are in the store afterwards."""
    commands = Commands(settings())
    await commands.start()

    async def say(number: int) -> None:
        command_id = new_id()
        said = PostMessage(room_id=room_id, message_id=new_id(), content=f"말 {number}.")
        await commands.execute(said, Context(command_id, sender, now(), command_id))

    try:
        for first in range(1, count + 1, AT_ONCE):
            await asyncio.gather(*(say(i) for i in range(first, min(first + AT_ONCE, count + 1))))
    finally:
        await commands.stop()


if __name__ == "__main__":
    asyncio.run(pour(UUID(sys.argv[1]), UUID(sys.argv[2]), int(sys.argv[3])))
