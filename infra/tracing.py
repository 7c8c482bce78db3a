"""Spans of what a request sets in motion, told to an OpenTelemetry collector (OTLP over HTTP) if one is named.

Without one, nothing is loaded or recorded, and a trace is only handed on: from the request to every event that
followed, and to the next who acts because of it. The sampler and all else are the `OTEL_…` variables' of the SDK.
"""

import atexit
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from infra.settings import Settings
from schemas.trace import is_sampled, read_traceparent

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

log = logging.getLogger(__name__)

Kind = Literal["SERVER", "CONSUMER", "PRODUCER"]
STANDARD = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
END_SECONDS = 2.0
"""How long a process that ends waits for a collector to take what is left; the SDK would wait up to half a minute."""
_tracer: "Tracer | None" = None
_ending = threading.Event()
_ended = threading.Event()


class Noted:
    """What is known of a span while it lasts."""

    __slots__ = ("_span", "traceparent")

    def __init__(self, traceparent: str, span: "Span | None" = None) -> None:
        self.traceparent = traceparent
        """What those hand on who act because of it."""
        self._span = span

    def tell(self, name: str, value: str | int) -> None:
        """An attribute that is known only now."""
        if self._span is not None:
            self._span.set_attribute(name, value)


def begin(role: str, settings: Settings) -> None:
    """Record spans of this process from now on, if a collector is named and the extra `otlp` is installed."""
    global _tracer
    endpoint = f"{settings.otlp_url.rstrip('/')}/v1/traces" if settings.otlp_url else None
    if endpoint is None and not any(os.environ.get(name) for name in STANDARD):
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.error("no traces are sent: the extra otlp is not installed (see docs/how-to/see-traces.md)")
        return
    resource = Resource.create({"service.namespace": "yeon", "service.name": f"yeon-{role}"})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    _tracer = provider.get_tracer("yeon")
    _ending.clear()
    _ended.clear()
    # Begun now: a process that ends may begin no thread any more.
    threading.Thread(target=_shut_down, args=(provider,), name="traces", daemon=True).start()
    atexit.register(end)


def end() -> None:
    """Send what is left, and record nothing more; a collector that does not answer is left after `END_SECONDS`."""
    global _tracer
    if _tracer is not None:
        _tracer = None
        _ending.set()
        _ended.wait(END_SECONDS)


@contextmanager
def span(
    name: str, parent: str, kind: Kind, attributes: dict[str, str | int], began: int | None = None
) -> Iterator[Noted]:
    """A span below `parent`, a `traceparent`; the first of a new trace if that is empty. An error ends it as failed.

    It began at `began` (`time.time_ns()`), or now.
    """
    if _tracer is None:
        yield Noted(parent)
        return
    from opentelemetry import trace

    started = _tracer.start_span(name, _within(parent), trace.SpanKind[kind], attributes, start_time=began)
    try:
        yield Noted(_written(started), started)
    except BaseException as error:
        started.set_status(trace.StatusCode.ERROR, f"{type(error).__name__}: {error}"[:200])
        raise
    finally:
        started.end()


def note(
    name: str, parent: str, kind: Kind, attributes: dict[str, str | int], began: int | None = None
) -> None:
    """A span below `parent` that ends now and began then (`time.time_ns()`), or now. None without a sampled parent."""
    if _tracer is None or not is_sampled(parent):
        return
    from opentelemetry import trace

    _tracer.start_span(name, _within(parent), trace.SpanKind[kind], attributes, start_time=began).end()


def _shut_down(provider: "TracerProvider") -> None:
    _ending.wait()
    provider.shutdown()
    _ended.set()


def _within(parent: str) -> "Context":
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier = {"traceparent": read_traceparent(parent)}
    return TraceContextTextMapPropagator().extract(carrier, Context())


def _written(started: "Span") -> str:
    at = started.get_span_context()
    return f"00-{at.trace_id:032x}-{at.span_id:016x}-{at.trace_flags:02x}"
