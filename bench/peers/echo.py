"""A server that says back what it hears, for the conformance suite: `websockets` as it comes, or with `--ours` as our
gateway serves it: the same options, limits aside, and the same way out.

Compression is on in both, since the suite asks for it. Heartbeats are off in both: a case of a thousand long messages
keeps the suite from answering them for longer than they wait.
"""

import asyncio
import contextlib
import sys

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from gateway.codec import JSON_FRAMES
from gateway.outbox import Outbox
from gateway.server import options_of
from infra.loop import use_uvloop
from infra.settings import Settings

MOST_BYTES = 32 * 1024 * 1024
"""The suite's longest messages have half of that."""


async def _plain(connection: ServerConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        async for said in connection:
            await connection.send(said)


async def _through_the_outbox(connection: ServerConnection) -> None:
    outbox = Outbox(connection, JSON_FRAMES, MOST_BYTES)
    with contextlib.suppress(ConnectionClosed):
        async for said in connection:
            if isinstance(said, str):
                outbox.put(said.encode())
            else:
                await connection.send(said)


async def listen(ours: bool) -> Server:
    """Listen on a free port."""
    if not ours:
        return await serve(_plain, "127.0.0.1", 0, max_size=MOST_BYTES, ping_interval=None)
    options = options_of(Settings(compression=True, frame_bytes=MOST_BYTES)) | {"ping_interval": None}
    return await serve(_through_the_outbox, "127.0.0.1", 0, **options)


async def main(ours: bool) -> None:
    async with await listen(ours) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        server.close(close_connections=False)


if __name__ == "__main__":
    if ours := "--ours" in sys.argv:
        use_uvloop()
    asyncio.run(main(ours))
