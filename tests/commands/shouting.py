"""A writer process that says messages in a room for ever, and prints the position of each that is acknowledged.

`python -m tests.commands.shouting <postgres url> <room id> <sender id> [<pause>]`, where twenty voices each pause that
many seconds after each message.
"""

import asyncio
import sys
from uuid import UUID

from commands.application import Commands
from infra.ids import new_id
from infra.settings import Settings
from schemas.commands.room import PostMessage
from schemas.envelope import Outcome
from schemas.port import Unavailable
from tests.commands.writing import context


async def main(url: str, room_id: UUID, sender: UUID, pause: float = 0.0) -> None:
    commands = Commands(Settings(postgres_url=url))
    await commands.start()

    async def said(message: PostMessage, command_id: UUID) -> Outcome:
        """While the store is away the same is said again, under the same id."""
        while True:
            try:
                return await commands.execute(message, context(sender, command_id))
            except Unavailable:
                await asyncio.sleep(0.2)

    async def shout() -> None:
        while True:
            message = PostMessage(room_id=room_id, message_id=new_id(), content="들리나요")
            outcome = await said(message, new_id())
            sys.stdout.write(f"{outcome.position} {message.message_id}\n")
            sys.stdout.flush()
            await asyncio.sleep(pause)

    await asyncio.gather(*(shout() for _ in range(20)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], UUID(sys.argv[2]), UUID(sys.argv[3]), *map(float, sys.argv[4:])))
