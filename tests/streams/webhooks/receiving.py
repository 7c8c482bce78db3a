"""A partner's HTTP server in the test's own process, which answers as it is told and remembers what came."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = int | tuple[int, float]
"""A status, or a status after so many seconds."""


@dataclass(frozen=True)
class Request:
    """What came, when (monotonic seconds), and how it was answered."""

    event: dict[str, Any]
    body: bytes
    headers: dict[str, str]
    at: float
    status: int

    @property
    def position(self) -> int:
        return int(self.event.get("position", 0))


@dataclass
class Partner:
    """The server: `answer` decides for each event, by default it is taken."""

    port: int = 0
    answer: Callable[[dict[str, Any]], Answer] = lambda _: 204
    requests: list[Request] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?token=do-not-tell"

    def taken(self) -> list[Request]:
        return [one for one in self.requests if one.status < 300]

    def positions(self) -> list[int]:
        """The events taken, each once, in the order of the first time."""
        return list(dict.fromkeys(one.position for one in self.taken() if one.position))

    def by_key(self) -> dict[str, list[int]]:
        """The same for each key."""
        found: dict[str, list[int]] = {}
        for one in self.taken():
            positions = found.setdefault(one.event["partitionkey"], [])
            if one.position not in positions:
                positions.append(one.position)
        return found


@contextmanager
def serving(partner: Partner) -> Iterator[Partner]:
    """Run the server at the partner's port (0: any)."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            event = json.loads(body)
            partner.arrived.set()
            answer = partner.answer(event)
            status, seconds = answer if isinstance(answer, tuple) else (answer, 0.0)
            time.sleep(seconds)
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()
                self.wfile.flush()
            except OSError:
                status = 599  # nobody was there any more to hear it
            partner.requests.append(Request(event, body, headers, time.monotonic(), status))

        def log_message(self, *_: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: object) -> None:
            return

    with Server(("127.0.0.1", partner.port), Handler) as server:
        partner.port = server.server_address[1]
        running = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        running.start()
        try:
            yield partner
        finally:
            server.shutdown()
            running.join()
