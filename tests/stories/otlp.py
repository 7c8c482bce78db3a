"""A collector of OpenTelemetry: takes OTLP over HTTP on a free port, and decodes the protobuf that was sent."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Seen:
    """One span as it was sent."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    nanoseconds: int
    attributes: dict[str, Any]


@dataclass
class Collector:
    """Its address, and what it was sent so far."""

    url: str = ""
    spans: list[Seen] = field(default_factory=list)

    def take(self, body: bytes) -> None:
        for of_service in ExportTraceServiceRequest.FromString(body).resource_spans:
            resource = {one.key: one.value.string_value for one in of_service.resource.attributes}
            for scope in of_service.scope_spans:
                for span in scope.spans:
                    said = {a.key: a.value.string_value or a.value.int_value for a in span.attributes}
                    self.spans.append(
                        Seen(
                            resource["service.name"],
                            span.name,
                            span.trace_id.hex(),
                            span.span_id.hex(),
                            span.parent_span_id.hex(),
                            span.end_time_unix_nano - span.start_time_unix_nano,
                            said,
                        )
                    )

    def of(self, trace: str) -> dict[tuple[str, str], Seen]:
        """The first span of each name in a trace, by service and name."""
        return {(one.service, one.name): one for one in reversed(self.spans) if one.trace == trace}

    def told(self, trace: str, name: str) -> set[str]:
        """The people that spans of this name say were told."""
        return {one.attributes["yeon.user"] for one in self.spans if (one.trace, one.name) == (trace, name)}


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            status = 200 if self.path == "/v1/traces" else 404
            if status == 200:
                collector.take(body)
            self.send_response(status)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing on the output of the tests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()
