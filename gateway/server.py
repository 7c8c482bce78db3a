"""The WebSocket server: accepts connections, gives each a session, and lets them go gently when we stop."""

import asyncio
import logging
import random
import time
from dataclasses import dataclass
from typing import Any

from limits import parse
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.protocol import State

from gateway import frames
from gateway.codec import HEARTBEAT_SECONDS, JSON_FRAMES
from gateway.collecting import Calm
from gateway.door import Crowd, Room, spoken, turned_away
from gateway.metrics import TURNED_AWAY
from gateway.session import FrameLimit, Session
from gateway.socketio import SocketIO
from gateway.sockets import Socket
from gateway.surroundings import Surroundings
from gateway.tokens import Tokens
from infra.ids import new_id
from infra.settings import Settings

HANDSHAKE_SECONDS = 5
"""For a client's whole handshake, from its connection on."""
CLOSED_SECONDS = 6.0
"""How long the end waits for sockets that were told to close: the time of a handshake, or of a farewell, and a little."""
log = logging.getLogger(__name__)
FORGOTTEN = Request("", Headers())
"""In place of each connection's own: without one the library would wait for a handshake."""
BACK_AFTER_MS = (200, 2_000)
"""Between which a client is told to come back, so that not all come at once."""


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
        self._room = Room(settings.gateway_sockets, settings.gateway_handshakes)
        self._calm = Calm()
        self._draining = False
        self._server: Server | None = None

    async def start(self) -> Listening:
        """Listen. Raises OSError if the port is taken."""
        self._server = await serve(
            self._serve,
            self._settings.ws_host,
            self._settings.ws_port,
            process_request=self._let_in,
            backlog=BACKLOG,
            **options_of(self._settings),
        )
        host, port = self._server.sockets[0].getsockname()[:2]
        return Listening(host, port)

    async def stop(self) -> None:
        """Ask everyone to come back in a moment, elsewhere perhaps, and close. Nobody new comes in meanwhile."""
        if self._server is None:
            return
        self._draining = True
        self._server.close(close_connections=False)
        for socket in tuple(self._open):
            wait = random.randint(*BACK_AFTER_MS)
            socket.deliver(frames.event("draining", {"reconnectAfterMs": wait}))
        await asyncio.gather(*(socket.settled() for socket in tuple(self._open)))
        for socket in tuple(self._open):
            socket.end(1012, "restart")
        try:
            async with asyncio.timeout(CLOSED_SECONDS):
                await self._server.wait_closed()
        except TimeoutError:
            log.warning("%d sockets did not end within %.0f s", len(self._open), CLOSED_SECONDS)

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        session_id = new_id()
        way = spoken(connection.request.path)
        codec = SocketIO(session_id, self._settings.frame_bytes) if way == "socket.io" else JSON_FRAMES
        session = Session(session_id, time.time(), self._tokens.read, new_id, self._limit, codec)
        token = _bearer(connection)
        # The headers are a fifth of what an idle connection takes, and nobody looks at them again.
        connection.request, connection.response = FORGOTTEN, None
        socket = Socket(connection, codec, session, self._around)
        self._open.add(socket)
        try:
            if self._draining:
                socket.end(1012, "restart")
            await socket.run(token)
        finally:
            self._open.discard(socket)
            _let_go(connection)

    def _let_in(self, connection: ServerConnection, request: Request) -> Response | None:
        self._calm.came()
        inside = len(self._open)
        crowd = Crowd(inside, inside - self._around.present.sockets)
        turned = turned_away(request.path, crowd, self._room, self._draining)
        if turned is None:
            return None
        TURNED_AWAY.labels(str(turned.status.value)).inc()
        response = connection.respond(turned.status, turned.body)
        if turned.retry_after is not None:
            response.headers["Retry-After"] = str(turned.retry_after)
        return response


BACKLOG = 4096
"""Connections the kernel may hold until they are taken. What finds no place there tries again after 1, 2, 4, … s."""


def options_of(settings: Settings) -> dict[str, Any]:
    """How the library serves: sizes, times, and compression for those who ask for it, if the setting allows it."""
    return {
        "compression": "deflate" if settings.compression else None,
        "max_size": settings.frame_bytes,
        "max_queue": 64,
        "open_timeout": HANDSHAKE_SECONDS,
        "ping_interval": HEARTBEAT_SECONDS,
        "ping_timeout": HEARTBEAT_SECONDS,
        "close_timeout": 3,
        "server_header": None,
        "logger": _library_log(),
    }


def _library_log() -> logging.Logger:
    """The library says two things about every connection that comes and goes; we count those."""
    log = logging.getLogger("gateway.websockets")
    log.setLevel(logging.WARNING)
    return log


def _let_go(connection: ServerConnection) -> None:
    """Break the circles in which the library leaves what has ended: nobody may look for dead objects for hours."""
    protocol = connection.protocol
    if protocol.state is State.CLOSED:
        protocol.parser.close()
        if protocol.parser_exc is not None:
            protocol.parser_exc.__traceback__ = None


def _bearer(connection: ServerConnection) -> str | None:
    assert connection.request is not None
    scheme, _, token = connection.request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token else None
