"""The bare `websockets` server: what any client says is broadcast to all, as its documentation shows. On asyncio's own
loop, as it comes, or on uvloop (`--uvloop`); no compression."""

import asyncio
import sys

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed


async def main() -> None:
    everyone: set[ServerConnection] = set()

    async def one(connection: ServerConnection) -> None:
        everyone.add(connection)
        try:
            async for text in connection:
                broadcast(everyone, text)
        except ConnectionClosed:
            pass
        finally:
            everyone.discard(connection)

    async with serve(one, "127.0.0.1", 0, compression=None, backlog=4096) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        server.close(close_connections=False)


if __name__ == "__main__":
    (uvloop.run if "--uvloop" in sys.argv else asyncio.run)(main())
