"""Given a store, when an analyst reads it, then exactly the events asked for are told, in order and in full."""

import json
from typing import Any

import orjson
import psycopg
import pytest

from schemas.envelope import Event
from schemas.events.question import QuestionAsked
from schemas.ids import room_of
from streams.log import telling
from streams.log.store import store
from tests.projections.history import History
from tests.streams.log.conftest import Yeon


def lines(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def first_question(told: History) -> Event:
    return next(event for event in told.events if isinstance(event.data, QuestionAsked))


def test_show_tells_every_event_in_full(yeon_log: Yeon, told: History) -> None:
    shown = lines(yeon_log("show", "--json").output)

    assert shown == [json.loads(orjson.dumps(telling.as_json(event))) for event in told.events]


@pytest.mark.parametrize(
    ("options", "meets"),
    [
        (["--topic", "experts"], lambda e: e.topic == "yeon.experts.v1"),
        (["--type", "message_posted"], lambda e: e.type == "yeon.room.message_posted.v1"),
        (["--topic", "conversations", "--type", "re"], lambda e: "conv" in e.topic and "re" in e.type),
        (["--since", 20, "--until", 30], lambda e: 20 <= e.position <= 30),
        (
            ["--since", "2026-03-01T09:00:20", "--until", "2026-03-01T18:00:30+09:00"],
            lambda e: 20 <= e.position <= 30,
        ),
    ],
)
def test_filters_keep_what_they_say(yeon_log: Yeon, told: History, options: list[Any], meets: Any) -> None:
    shown = lines(yeon_log("show", "--json", *options).output)

    expected = [event.position for event in told.events if meets(event)]
    assert expected
    assert [one["position"] for one in shown] == expected


def test_ids_are_found_wherever_an_event_holds_them(yeon_log: Yeon, told: History) -> None:
    asked = first_question(told)
    person = asked.data.asker_id  # type: ignore[attr-defined]

    def mentions(event: Event, text: str) -> bool:
        return text in json.dumps(telling.as_json(event))

    for option, wanted in (("--person", person), ("--question", asked.stream_id)):
        shown = [one["position"] for one in lines(yeon_log("show", "--json", option, wanted).output)]
        assert shown == [e.position for e in told.events if mentions(e, str(wanted))]
    room = room_of(asked.stream_id)
    shown = [one["aggregate"] for one in lines(yeon_log("show", "--json", "--aggregate", room).output)]
    assert shown == [str(room)] * sum(e.stream_id == room for e in told.events)


def test_tail_tells_the_last_ones(yeon_log: Yeon, told: History) -> None:
    shown = lines(yeon_log("tail", "-n", 3, "--json").output)

    assert [one["position"] for one in shown] == [e.position for e in told.events[-3:]]


@pytest.mark.parametrize("form", ["line", "pretty", "table"])
def test_every_form_names_what_happened(yeon_log: Yeon, form: str) -> None:
    output = yeon_log("show", "--as", form, "--type", "message_posted", "--limit", 1).output

    assert "message_posted" in output
    assert "안녕하세요" in output


def test_stats_give_the_last_position_and_counts(yeon_log: Yeon, told: History) -> None:
    stats = json.loads(yeon_log("stats", "--json").output)

    assert stats["position"] == stats["events"] == len(told.events)
    assert stats["first"] == telling.stamp(told.events[0].meta.at)
    assert stats["last"] == telling.stamp(told.events[-1].meta.at)
    asked = stats["types"]["yeon.question.asked.v1"]
    assert asked["count"] == 6
    assert "question.asked" in yeon_log("stats").output


def test_a_story_is_one_question_from_the_first_to_the_last(yeon_log: Yeon, told: History) -> None:
    asked = first_question(told)

    found = json.loads(yeon_log("story", asked.stream_id, "--json").output)

    steps = found["steps"]
    assert steps[0]["type"] == "question.asked"
    assert {"question.matched", "expert.engaged", "room.opened", "room.message_posted"} <= {
        s["type"] for s in steps
    }
    assert [s["position"] for s in steps] == sorted(s["position"] for s in steps)
    text = yeon_log("story", asked.stream_id).output
    assert text.splitlines()[0].startswith(f"Question {asked.stream_id}, asked 2026-03-01")
    assert "“안녕하세요”" in text


def test_a_question_that_is_not_there_is_said_so(yeon_log: Yeon) -> None:
    result = yeon_log("story", "00000000-0000-7000-8000-000000000000")

    assert result.exit_code == 1
    assert "There is no question" in result.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["show", "--type", "nonsense"], "no event type has 'nonsense'"),
        (["show", "--topic", "nonsense"], "there is no topic 'nonsense'"),
        (["show", "--since", "yesterday"], "neither a position nor a time"),
    ],
)
def test_what_is_not_understood_is_named(yeon_log: Yeon, arguments: list[str], says: str) -> None:
    result = yeon_log(*arguments)

    assert result.exit_code == 2
    assert says in result.output.replace("│", "").replace("\n", " ").replace("  ", " ")


def test_a_store_that_is_away_is_a_sentence(yeon_log: Yeon, monkeypatch: pytest.MonkeyPatch) -> None:
    from infra.settings import settings

    monkeypatch.setenv("YEON_POSTGRES_URL", "postgresql://127.0.0.1:1/nowhere")
    settings.cache_clear()

    result = yeon_log("stats")

    assert result.exit_code == 1
    assert result.output.startswith("PostgreSQL does not answer")


def test_nothing_can_be_written_through_it(store_url: str) -> None:
    with store(store_url) as log, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        log._connection.execute("DELETE FROM store.stored_events")


def test_memory_holds_one_page_only(store_url: str, told: History) -> None:
    from streams.log.filters import Wanted

    with store(store_url) as log:
        pages = list(log.pages(Wanted(), page=7))

    assert {len(page) for page in pages[:-1]} == {7}
    assert [row[0] for page in pages for row in page] == [e.position for e in told.events]


def test_a_story_names_causes() -> None:
    from dataclasses import replace

    from streams.log.story import because, story
    from tests.projections.whole_stories import rich

    events = [e for e in rich(1).events if "question" in e.type][:3]
    asked, matched, next_one = events
    matched = replace(matched, meta=replace(matched.meta, causation_id=asked.event_id))
    next_one = replace(next_one, meta=replace(next_one.meta, command_id=matched.meta.command_id))

    steps = story([asked, matched, next_one])

    assert [because(step) for step in steps] == [
        "by the system",
        f"because of #{asked.position}",
        f"with #{matched.position}",
    ]
