"""Live statistics: what an event counts, and what is said of the counts."""

from datetime import UTC, datetime

from streams.figures import Count, counted, said, summed
from tests.projections.history import START, Conversation, History


def test_a_question_is_counted_from_asking_to_its_first_acceptance() -> None:
    history = History()
    asker, first, second = history.person("묻는 이"), history.expert("하나"), history.expert("두리")
    conversation = Conversation(history, "q", asker)
    asked = conversation.asked()
    asked_at = asked.meta.at.timestamp()

    assert counted(asked, asked_at) == [Count("asked", 1)]
    assert counted(conversation.matched([first, second]), asked_at) == [
        Count("matched", 1),
        Count("match_seconds", 1.0),
    ]
    assert counted(conversation.accepted(first), asked_at) == [
        Count("accepted", 1),
        Count("answered", 1),
        Count("answer_seconds", 2.0),
    ]
    assert counted(conversation.accepted(second, first=False), None) == [Count("accepted", 1)]
    assert counted(conversation.declined(second), None) == [Count("declined", 1)]
    assert counted(conversation.expired(first, second), None) == [Count("expired", 2)]
    assert counted(conversation.resolved(), asked_at) == []


def test_a_question_whose_asking_was_not_seen_counts_no_times() -> None:
    history = History()
    conversation = Conversation(history, "q", history.person("묻는 이"))
    expert = history.expert("하나")
    assert counted(conversation.matched([expert]), None) == []
    assert counted(conversation.accepted(expert), None) == [Count("accepted", 1)]


def test_windows_of_all_partitions_are_added_up_and_summarised() -> None:
    minute = START.timestamp() // 60 * 60
    parts = [
        {"asked": {minute - 60: 2.0, minute: 1.0}, "accepted": {minute - 60: 1.0}},
        {
            "asked": {minute - 60: 1.0},
            "declined": {minute - 60: 1.0},
            "matched": {minute - 60: 2.0},
            "match_seconds": {minute - 60: 0.5},
        },
    ]
    now = datetime.fromtimestamp(minute + 30, UTC)

    found = said(summed(parts), now)

    assert found["lastMinute"] == {
        "questions": 3,
        "secondsToMatch": 0.25,
        "secondsToFirstAcceptance": None,
        "acceptanceRate": 0.5,
    }
    assert found["lastHour"]["questions"] == 4
    assert found["questionsPerMinute"][-2:] == [3, 1]
    assert len(found["questionsPerMinute"]) == 60
