"""python-socketio on uvicorn: what any client says is emitted to the one room that all are in. On asyncio's own loop, or
on uvloop (`--uvloop`), which uvicorn takes by itself where it is installed."""

import asyncio
import socket
import sys
from typing import Any

import socketio
import uvicorn
import uvloop

ROOM = "all"
server = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")


@server.event  # type: ignore[untyped-decorator]
async def connect(sid: str, environ: dict[str, Any]) -> None:
    await server.enter_room(sid, ROOM)


@server.event  # type: ignore[untyped-decorator]
async def send_message(sid: str, data: dict[str, Any]) -> None:
    await server.emit("new_message", data, room=ROOM)


async def main() -> None:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(4096)
    print(listening.getsockname()[1], flush=True)
    config = uvicorn.Config(
        socketio.ASGIApp(server), log_level="error", ws_per_message_deflate=False, backlog=4096
    )
    serving = uvicorn.Server(config)
    task = asyncio.create_task(serving.serve(sockets=[listening]))
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    serving.force_exit = serving.should_exit = True
    await task


if __name__ == "__main__":
    (uvloop.run if "--uvloop" in sys.argv else asyncio.run)(main())
