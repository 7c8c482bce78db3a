"""The WebSocket server: accepts connections, gives each a session, and lets them go gently when we stop."""

import asyncio
import http
import logging
import random
import time
from dataclasses import dataclass

from limits import parse
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from gateway import frames
from gateway.session import HEARTBEAT_SECONDS, FrameLimit, Session
from gateway.sockets import Socket, Surroundings
from gateway.tokens import Tokens
from infra.ids import new_id
from infra.settings import Settings

PATHS = frozenset({"/", "/ws"})
BACK_AFTER_MS = (200, 2_000)
"""Between which a client is told to come back, so that not all come at once."""
DRAIN_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the server listens."""

    host: str
    port: int


class SocketServer:
    """All connections of this process."""

    def __init__(self, settings: Settings, tokens: Tokens, around: Surroundings) -> None:
        limit = parse(settings.limit_frames)
        self._settings = settings
        self._tokens = tokens
        self._around = around
        self._limit = FrameLimit(limit.amount, limit.get_expiry())
        self._open: set[Socket] = set()
        self._server: Server | None = None

    async def start(self) -> Listening:
        """Listen. Raises OSError if the port is taken."""
        self._server = await serve(
            self._serve,
            self._settings.ws_host,
            self._settings.ws_port,
            process_request=_only_known_paths,
            compression=None,
            max_size=self._settings.frame_bytes,
            max_queue=64,
            open_timeout=10,
            ping_interval=HEARTBEAT_SECONDS,
            ping_timeout=HEARTBEAT_SECONDS,
            close_timeout=3,
            server_header=None,
            logger=_library_log(),
        )
        host, port = self._server.sockets[0].getsockname()[:2]
        return Listening(host, port)

    async def stop(self) -> None:
        """Ask everyone to come back in a moment, elsewhere perhaps, and close."""
        if self._server is None:
            return
        for socket in tuple(self._open):
            wait = random.randint(*BACK_AFTER_MS)
            socket.deliver(frames.event("draining", {"reconnectAfterMs": wait}))
        if self._open:
            await asyncio.sleep(DRAIN_SECONDS)
        for socket in tuple(self._open):
            socket.end(1012, "restart")
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, connection: ServerConnection) -> None:
        session = Session(new_id(), time.time(), self._tokens.read, new_id, self._limit)
        socket = Socket(connection, session, self._around)
        self._open.add(socket)
        try:
            await socket.run(_bearer(connection))
        finally:
            self._open.discard(socket)


def _library_log() -> logging.Logger:
    """The library says two things about every connection that comes and goes; we count those."""
    log = logging.getLogger("gateway.websockets")
    log.setLevel(logging.WARNING)
    return log


def _bearer(connection: ServerConnection) -> str | None:
    assert connection.request is not None
    scheme, _, token = connection.request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token else None


def _only_known_paths(connection: ServerConnection, request: Request) -> Response | None:
    if request.path in PATHS:
        return None
    return connection.respond(http.HTTPStatus.NOT_FOUND, "no WebSocket here; a token never stands in a URL\n")
