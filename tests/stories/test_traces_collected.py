"""With a collector named, the whole way of a question stands in the tracing tool: from the request to its pushes."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.stories.conftest import Stack
from tests.stories.otlp import Collector, Seen, collecting
from tests.stories.people import Person

ACCEPTING = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as one:
        yield one


@pytest.fixture
def traced(tmp_path: Path, broker_kind: str, collector: Collector) -> Iterator[Stack]:
    """A stack that tells the collector of its spans."""
    running = Stack(tmp_path, broker_kind, {"YEON_OTLP_URL": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "200"})
    running.start()
    yield running
    running.stop()


async def _spans(
    collector: Collector, trace: str, names: set[tuple[str, str]]
) -> dict[tuple[str, str], Seen]:
    deadline = time.monotonic() + 60
    while not names <= collector.of(trace).keys():
        assert time.monotonic() < deadline, (names - collector.of(trace).keys(), collector.spans)
        await asyncio.sleep(0.05)
    return collector.of(trace)


async def test_the_way_of_a_question_is_told_to_a_collector(traced: Stack, collector: Collector) -> None:
    # given an expert, and an asker who sends no trace
    asker, expert = Person(traced.http, traced.ws), Person(traced.http, traced.ws)
    try:
        await expert.register(f"e{uuid4().hex[:12]}", "expert", "답하는 이")
        await expert.specialise([("시계 수리", 5)], bio="기계식 시계를 고쳐요.")
        await expert.connect()
        await asker.register(f"a{uuid4().hex[:12]}", "questioner", "묻는 이")
        await asker.connect()

        # when a question is asked and accepted, the acceptance within a trace of the client's own
        question = (await asker.ask("기계식 시계가 하루에 오 분씩 늦어요. 어디서 고치나요?"))["id"]
        await expert.offered(question)
        expert.traceparent = ACCEPTING
        await expert.send("accept_question", questionId=question)
        await asker.frame("room_opened")
    finally:
        await asker.close()
        await expert.close()

    # then the gateway began a trace, and what followed from the question hangs below it
    deadline = time.monotonic() + 60
    while (begun := next((one for one in collector.spans if one.name == "ask_question"), None)) is None:
        assert time.monotonic() < deadline, collector.spans
        await asyncio.sleep(0.05)
    applied = ("yeon-worker", "apply yeon.question.matched.v1")
    told = ("yeon-worker", "push question_assigned")
    found = await _spans(collector, begun.trace, {("yeon-matcher", "match"), applied, told})
    matched = found["yeon-matcher", "match"]
    assert (begun.service, begun.parent) == ("yeon-gateway", "")
    assert (matched.parent, matched.attributes["yeon.question"]) == (begun.id, question)
    assert found[applied].parent == found[told].parent == matched.id
    assert matched.nanoseconds > 0
    assert found[told].attributes["yeon.user"] == str(expert.id)

    # and the acceptance below the client's span, to the push that told the asker
    _, trace, client, _ = ACCEPTING.split("-")
    opened = ("yeon-worker", "push room_opened")
    found = await _spans(collector, trace, {("yeon-gateway", "accept_offer"), opened})
    accepted = found["yeon-gateway", "accept_offer"]
    assert (accepted.parent, found[opened].parent) == (client, accepted.id)
