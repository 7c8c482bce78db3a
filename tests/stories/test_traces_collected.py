"""With a collector named, the whole way of a question stands in the tracing tool: from the request to its pushes."""

import asyncio
import time

from tests.stories.conftest import NewPerson
from tests.stories.otlp import Collector, Seen

ASKING = "00-1f7651916cd43dd8448eb211c80319c1-c7ad6b7169203332-01"
ACCEPTING = "00-5bf92f3577b34da6a3ce929d0e0e4737-01f067aa0ba902b8-01"


async def _spans(
    collector: Collector, traceparent: str, names: set[tuple[str, str]]
) -> dict[tuple[str, str], Seen]:
    trace = traceparent.split("-")[1]
    deadline = time.monotonic() + 60
    while not names <= collector.of(trace).keys():
        assert time.monotonic() < deadline, (names - collector.of(trace).keys(), collector.of(trace))
        await asyncio.sleep(0.05)
    return collector.of(trace)


async def test_the_way_of_a_question_is_told_to_a_collector(person: NewPerson, collector: Collector) -> None:
    # given an expert, and an asker; both their clients trace what they do
    expert = await person("expert", "답하는 이", [("시계 수리", 5)], bio="기계식 시계를 고쳐요.")
    asker = await person("questioner", "묻는 이")
    expert.traceparent = ACCEPTING

    # when a question is asked and accepted
    asked = {"content": "기계식 시계가 하루에 오 분씩 늦어요. 어디서 고치나요?"}
    answer = await asker.rest.post("/questions", json=asked, headers={"traceparent": ASKING})
    question = answer.json()["id"]
    await expert.offered(question)
    await expert.send("accept_question", questionId=question)
    await asker.frame("room_opened")

    # then what followed from the question hangs below the request, which hangs below the client's span
    ask, match = ("yeon-gateway", "ask_question"), ("yeon-matcher", "match")
    applied, told = (
        ("yeon-worker", "apply yeon.question.matched.v1"),
        ("yeon-worker", "push question_assigned"),
    )
    found = await _spans(collector, ASKING, {ask, match, applied, told})
    assert found[ask].parent == ASKING.split("-")[2]
    assert (found[match].parent, found[match].attributes["yeon.question"]) == (found[ask].id, question)
    assert found[applied].parent == found[told].parent == found[match].id
    assert found[match].nanoseconds > 0
    assert expert.id in collector.told(ASKING.split("-")[1], "push question_assigned")

    # and the acceptance below its own, to the push that told the asker
    accept, opened = ("yeon-gateway", "accept_offer"), ("yeon-worker", "push room_opened")
    found = await _spans(collector, ACCEPTING, {accept, opened})
    assert (found[accept].parent, found[opened].parent) == (ACCEPTING.split("-")[2], found[accept].id)
