"""Questions that nobody is free for wait, and are served in their turn as soon as somebody is, with a worker killed in
between."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.stories.conftest import Stack
from tests.stories.people import Person

WORKER = "streams worker"


@pytest_asyncio.fixture
async def everyone(mortal: Stack) -> AsyncIterator[list[Person]]:
    people = [Person(mortal.http, mortal.ws) for _ in range(6)]
    yield people
    for one in people:
        await one.close()


def offers(expert: Person, *questions: str) -> list[str]:
    """Which of these questions the expert was asked, in their order."""
    seen = [f["data"]["question"]["id"] for f in expert.frames if f["type"] == "question_assigned"]
    return [one for one in seen if one in questions]


@pytest.mark.kafka
async def test_the_most_urgent_and_oldest_is_served_first_when_an_expert_becomes_free(
    mortal: Stack, everyone: list[Person]
) -> None:
    # given one expert, who is in the only room they take, and three people nobody is found for
    *askers, expert, second = everyone
    for one in askers:
        await one.register(f"a{uuid4().hex[:12]}", "questioner", "묻는 이")
        await one.connect()
    await expert.register(f"e{uuid4().hex[:12]}", "expert", "시계공")
    await expert.specialise([("시계 수리", 5)], capacity=1)
    await expert.connect()
    first = (await askers[0].ask("기계식 시계가 자꾸 멈춰요. 왜 그런가요?"))["id"]
    await expert.offered(first)
    await expert.send("accept_question", questionId=first)
    waiting = []
    for asker, urgency in zip(askers[1:], ["medium", "medium", "high"], strict=True):
        question = await asker.ask("시계 유리에 김이 서려요. 어떻게 하나요?", urgency=urgency)
        await asker.frame("question_status", within=20, questionId=question["id"], status="unmatched")
        waiting.append(question["id"])
    older, newer, urgent = waiting
    assert offers(expert, *waiting) == []

    # when the room is closed while the worker is killed
    mortal.kill(WORKER)
    answer = await askers[0].rest.put(f"/questions/{first}/status", json={"status": "resolved"})
    assert answer.status_code == 200, answer.text

    # then the one place is offered once, to the most urgent; and after a no, to the oldest
    await expert.offered(urgent, within=40)
    await expert.send("decline_question", questionId=urgent)
    await expert.offered(older)
    await expert.send("accept_question", questionId=older)
    assert offers(expert, *waiting) == [urgent, older]

    # when somebody else comes, then they are asked the most urgent at once, and after a no what still waits
    await second.register(f"e{uuid4().hex[:12]}", "expert", "다른 시계공")
    await second.connect()
    await second.specialise([("시계 수리", 4)], capacity=1)
    await second.offered(urgent)
    await second.send("decline_question", questionId=urgent)
    await second.offered(newer)
    assert offers(second, *waiting) == [urgent, newer]
    assert offers(expert, *waiting) == [urgent, older]
