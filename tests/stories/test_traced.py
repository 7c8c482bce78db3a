"""What a request set in motion is found again by its trace: in every event that followed, and at the pushes."""

import json
import subprocess
import sys
from typing import Any

from schemas.trace import is_sampled, read_traceparent
from tests.stories.conftest import NewPerson, Stack

ASKING = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ACCEPTING = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def _story(stack: Stack, question: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "infra.cli", "log", "story", question, "--json"]
    done = subprocess.run(
        command, env=stack.environment, capture_output=True, text=True, check=True, timeout=60
    )
    steps: list[dict[str, Any]] = json.loads(done.stdout)["steps"]
    return steps


def _trace(traceparent: str) -> str:
    """Which trace it is of, whichever span of it."""
    return traceparent.split("-")[1]


async def test_a_trace_leads_from_the_request_to_the_last_event_and_push(
    person: NewPerson, stack: Stack
) -> None:
    # given two experts of a field, and an asker whose call is traced
    field = [("천체 망원경 광축", 5)]
    taker = await person("expert", "받는 이", field, bio="망원경 광축을 맞춰요.")
    silent = await person("expert", "답 없는 이", field, bio="천체 망원경을 손봐요.")
    asker = await person("questioner")
    headers = {"traceparent": ASKING, "X-Request-Id": "call-7"}
    asked = {"content": "천체 망원경의 광축은 어떻게 맞추나요?", "urgency": "high"}
    question = (await asker.rest.post("/questions", json=asked, headers=headers)).json()["id"]

    # when one accepts, traced as well, and the other lets the time go by
    await taker.offered(question)
    taker.traceparent = ACCEPTING
    room = (await taker.send("accept_question", questionId=question))["roomId"]
    await silent.frame("offer_closed", within=15, questionId=question)
    await taker.send("join_room", roomId=room)
    await taker.say(room, "레이저부터 대 보세요.", "t1")

    # then the story shows the chain
    steps = _story(stack, question)
    first = {step["type"]: step for step in reversed(steps)}
    begun, matched, ended = (first[f"question.{name}"] for name in ("asked", "matched", "offers_expired"))
    assert (begun["request"], begun["cause"]) == ("call-7", None)
    assert (matched["cause"], ended["cause"]) == (begun["position"], matched["position"])
    for step in (begun, matched, ended):
        assert _trace(step["traceparent"]) == _trace(ASKING)
    assert {begun["correlation"]} == {matched["correlation"], ended["correlation"]} == {begun["command"]}
    for name in ("question.offer_accepted", "room.opened", "room.message_posted"):
        assert _trace(first[name]["traceparent"]) == _trace(ACCEPTING)

    # and what was pushed because of it stands in the logs of who pushed it
    def pushed(role: str, frame: str, to: str, trace: str) -> bool:
        lines = (stack.data_dir / "log" / f"{role}.log").read_text().splitlines()
        return any(
            f"pushed {frame} to {to}" in line and f"trace 00-{_trace(trace)}-" in line for line in lines
        )

    assert pushed("streams", "question_assigned", f"user {taker.id}", ASKING)
    assert pushed("streams", "offer_closed", f"user {silent.id}", ASKING)
    assert pushed("gateway", "new_message", f"room {room}", ACCEPTING)


async def test_instead_of_a_wrong_trace_one_is_begun(person: NewPerson, stack: Stack) -> None:
    asker = await person("questioner")
    wrong = {
        "traceparent": "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        "X-Request-Id": "zwei Wörter".encode("latin-1"),
    }
    asked = {"content": "광축이 틀어졌는지 어떻게 알아요?", "urgency": "low"}
    answer = await asker.rest.post("/questions", json=asked, headers=wrong)
    assert answer.status_code == 201, answer.text
    begun = _story(stack, answer.json()["id"])[0]
    assert begun["request"] == ""
    assert read_traceparent(begun["traceparent"]), "begun by the gateway"
    assert not is_sampled(begun["traceparent"]), "and recorded by nobody"
