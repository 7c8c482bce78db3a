"""The road: a question, the match, two acceptances, a conversation, the end."""

from typing import Any

import pytest

from tests.stories.conftest import NewPerson
from tests.stories.people import Person, Rejected

KAFKA_EXPERT = [("Apache Kafka", 5), ("스트림 처리", 5)]


async def _room_of(question: dict[str, Any], expert: Person) -> str:
    await expert.offered(question["id"])
    answer = await expert.send("accept_question", questionId=question["id"])
    room: str = answer["roomId"]
    return room


async def test_a_question_in_korean_ends_in_a_conversation(person: NewPerson) -> None:
    asker = await person("questioner", "지민")
    first = await person("expert", "서연", KAFKA_EXPERT, bio="카프카 컨슈머 그룹과 리밸런싱을 오래 다뤘어요.")
    second = await person("expert", "Alex", [("Kafka consumer groups", 4)], bio="Streaming systems engineer.")

    question = await asker.ask("Kafka 컨슈머 그룹에서 리밸런싱이 자꾸 일어나요. 어떻게 줄일 수 있나요?")
    matched = await asker.frame("expert_matched", within=15, questionId=question["id"])
    assert {first.id, second.id} <= {expert["expertId"] for expert in matched["experts"]}
    assert all(expert["reasons"] for expert in matched["experts"])

    offer = await first.offered(question["id"])
    assert offer["question"]["content"] == question["content"]
    assert offer["offer"]["reasons"]
    room = (await first.send("accept_question", questionId=question["id"]))["roomId"]
    opened = await asker.frame("room_opened", questionId=question["id"])
    assert opened["roomId"] == room
    status = await asker.rest.get(f"/questions/{question['id']}")
    assert status.json()["status"] == "in_progress"

    await asker.send("join_room", roomId=room)
    await first.send("join_room", roomId=room)
    await asker.say(room, "안녕하세요, 컨슈머가 열 개예요.", "a1")
    heard = await first.frame("new_message", roomId=room, seq=1)
    assert heard["message"]["content"] == "안녕하세요, 컨슈머가 열 개예요."
    assert heard["sender"] == {"userId": asker.id, "userName": "지민"}

    await second.send("accept_question", questionId=question["id"])
    joined = await asker.frame("user_joined", roomId=room)
    assert (joined["userId"], joined["seq"]) == (second.id, 2)
    await second.send("join_room", roomId=room, afterSeq=0)
    await second.frame("new_message", roomId=room, seq=1)
    await second.say(room, "Try static membership.", "s1")
    await asker.frame("new_message", roomId=room, seq=3)

    resolved = await asker.rest.put(f"/questions/{question['id']}/status", json={"status": "resolved"})
    assert resolved.status_code == 200, resolved.text
    await first.frame("room_closed", roomId=room, seq=4)
    with pytest.raises(Rejected, match="room_closed"):
        await first.say(room, "늦은 말", "f1")
    rated = await asker.rest.post(
        f"/questions/{question['id']}/ratings", json={"expertId": first.id, "stars": 5, "comment": "고마워요"}
    )
    assert rated.status_code in (200, 201), rated.text
    assert [item["seq"] for item in await asker.history(room)] == [1, 2, 3, 4]


async def test_a_decline_brings_the_next_candidate_at_once(person: NewPerson) -> None:
    field = [("첼로 현 교체", 5)]
    experts = [
        await person("expert", f"첼리스트 {i}", field, bio="첼로 현을 갈고 조율해요.") for i in range(6)
    ]
    asker = await person("questioner")
    question = await asker.ask("첼로 현은 얼마나 자주 갈아야 하나요?")
    matched = await asker.frame("expert_matched", within=15, questionId=question["id"])
    asked = {expert["expertId"] for expert in matched["experts"]}
    waiting = [expert for expert in experts if expert.id not in asked]
    decliner = next(expert for expert in experts if expert.id in asked)
    assert waiting, "more experts fit than are asked at once"

    await decliner.offered(question["id"])
    await decliner.send("decline_question", questionId=question["id"])

    await waiting[0].offered(question["id"])
    detail = (await asker.rest.get(f"/questions/{question['id']}")).json()
    assert {offer["expertId"] for offer in detail["offers"]} == asked | {waiting[0].id}


async def test_who_accepts_and_says_nothing_is_not_waited_for(person: NewPerson) -> None:
    field = [("시계 수리", 5)]
    experts = [
        await person("expert", f"시계공 {i}", field, bio="기계식 시계를 분해하고 고쳐요.") for i in range(6)
    ]
    asker = await person("questioner")
    question = await asker.ask("기계식 시계가 하루에 5분씩 느려져요. 왜 그런가요?", urgency="high")
    matched = await asker.frame("expert_matched", within=15, questionId=question["id"])
    asked = {expert["expertId"] for expert in matched["experts"]}
    [waiting] = [expert for expert in experts if expert.id not in asked]
    silent = next(expert for expert in experts if expert.id in asked)

    room = await _room_of(question, silent)

    await waiting.offered(question["id"])
    joined = await waiting.send("accept_question", questionId=question["id"])
    assert joined["roomId"] == room
    await silent.frame("room_opened", questionId=question["id"])
    await waiting.send("join_room", roomId=room, afterSeq=0)
    await waiting.say(room, "하루 5분이면 청소할 때가 됐어요.", "w1")


async def test_an_expired_offer_is_closed_and_the_next_round_searches_on(person: NewPerson) -> None:
    expert = await person("expert", "천문학자", [("망원경 조립", 5)], bio="반사 망원경을 직접 만들어요.")
    asker = await person("questioner")
    question = await asker.ask("반사 망원경 주경은 어떻게 정렬하나요?", urgency="high")
    await expert.offered(question["id"])

    closed = await expert.frame("offer_closed", within=15, questionId=question["id"])

    assert closed["reason"] == "expired"
    with pytest.raises(Rejected, match="offer_closed"):
        await expert.send("accept_question", questionId=question["id"])


async def test_an_expert_at_capacity_cannot_take_one_more(person: NewPerson) -> None:
    expert = await person("expert", "도예가", [("도자기 유약", 5)], capacity=1, bio="유약을 직접 조합해요.")
    askers = [await person("questioner") for _ in range(2)]
    questions = [await asker.ask("도자기 유약이 갈라지는 이유가 뭔가요?") for asker in askers]
    for question in questions:
        await expert.offered(question["id"])

    await expert.send("accept_question", questionId=questions[0]["id"])

    with pytest.raises(Rejected, match="capacity"):
        await expert.send("accept_question", questionId=questions[1]["id"])
