"""Without a collector a trace is handed on as it came; with one, the first of a trace begins one that is recorded."""

from collections.abc import Iterator

import pytest

from infra import tracing
from infra.settings import Settings
from schemas.trace import is_sampled
from tests.stories.otlp import Collector, collecting

CLIENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
UNSAMPLED = CLIENT[:-2] + "00"


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
    monkeypatch.setattr(tracing, "_tracer", None)
    with collecting() as one:
        yield one


def test_without_a_collector_a_trace_is_handed_on_as_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in tracing.STANDARD:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(tracing, "_tracer", None)
    tracing.begin("gateway", Settings())
    for parent in ("", CLIENT, UNSAMPLED):
        with tracing.span("ask_question", parent, "SERVER", {}) as noted:
            assert noted.traceparent == parent


def test_the_first_of_a_trace_is_recorded_and_what_follows_hangs_below_it(collector: Collector) -> None:
    tracing.begin("gateway", Settings(otlp_url=collector.url))
    with tracing.span("ask_question", "", "SERVER", {"yeon.command": "a"}) as noted:
        assert is_sampled(noted.traceparent)
        tracing.note("push question_status", noted.traceparent, "PRODUCER", {})
        noted.tell("yeon.position", 7)
    tracing.note("push question_status", UNSAMPLED, "PRODUCER", {})

    tracing.end()

    _, trace, span, _ = noted.traceparent.split("-")
    pushed, asked = sorted(collector.spans, key=lambda one: one.name, reverse=True)
    assert (asked.trace, asked.id, asked.parent) == (trace, span, "")
    assert asked.attributes == {"yeon.command": "a", "yeon.position": 7}
    assert (pushed.name, pushed.trace, pushed.parent) == ("push question_status", trace, span)
