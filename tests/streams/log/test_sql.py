"""Given a log whose answers are known, when it is asked with each ready query, then it gives those."""

import json
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from infra.keys import Keyring
from schemas.events.question import (
    OfferAccepted,
    OfferDeclined,
    OffersExpired,
    OffersWithdrawn,
    QuestionAsked,
)
from streams.log.export.run import FromStore, export
from streams.log.sql.session import ready_queries, session
from streams.log.store import store
from tests.projections.history import History
from tests.streams.log.conftest import Yeon


@pytest.fixture(scope="module")
def exported(store_url: str, told: History, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("export")
    with store(store_url) as log:
        export(FromStore(log), directory, 1, len(told.events))
    return directory


class Keys(Keyring):
    """The keys that the log was sealed with."""

    def of(self, user_id: UUID) -> bytes:
        return user_id.bytes * 2


def ask(directory: Path, name: str) -> list[dict[str, Any]]:
    with session(directory) as duck:
        duck.join_keys(lambda _: Keys(), (QuestionAsked.TYPE,))
        return duck.ask(ready_queries()[name].sql).as_dicts()


def moments(told: History, kind: str) -> dict[object, float]:
    """The first moment of each question at which an event of this type happened."""
    found: dict[object, float] = {}
    for event in told.events:
        if event.type == kind:
            found.setdefault(event.stream_id, event.meta.at.timestamp())
    return found


def seconds_between(told: History, later: str) -> list[float]:
    asked, ends = moments(told, "yeon.question.asked.v1"), moments(told, later)
    return sorted(ends[question] - asked[question] for question in ends)


def median(values: list[float]) -> float:
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def test_the_funnel_of_six_questions_of_which_one_found_nobody(exported: Path) -> None:
    assert [(row["step"], row["questions"]) for row in ask(exported, "funnel")] == [
        ("asked", 6),
        ("matched", 6),
        ("accepted", 5),
        ("spoken", 5),
        ("resolved", 5),
        ("rated", 5),
    ]


def test_times_by_hour_are_those_of_seoul(exported: Path, told: History) -> None:
    (row,) = ask(exported, "time_to_match_by_hour")

    assert (row["hour"], row["questions"]) == (18, 6)
    assert row["to_match"] == median(seconds_between(told, "yeon.question.matched.v1"))
    assert row["to_acceptance"] == median(seconds_between(told, "yeon.question.offer_accepted.v1"))


def test_times_by_category(exported: Path, told: History) -> None:
    rows = ask(exported, "time_to_match_by_category")

    asked = Counter(e.data.category or "(none)" for e in told.events if isinstance(e.data, QuestionAsked))
    assert {row["category"]: row["questions"] for row in rows} == asked


def test_what_each_expert_made_of_their_offers(exported: Path, told: History) -> None:
    expected: Counter[tuple[str, str]] = Counter()
    for event in told.events:
        match event.data:
            case OfferAccepted() as data:
                expected[str(data.expert_id), "accepted"] += 1
            case OfferDeclined() as data:
                expected[str(data.expert_id), "declined"] += 1
            case OffersExpired() as data:
                expected.update((str(one), "expired") for one in data.expert_ids)
            case OffersWithdrawn() as data:
                expected.update((str(one), "withdrawn") for one in data.expert_ids)

    found: Counter[tuple[str, str]] = Counter()
    for row in ask(exported, "acceptance_by_expert"):
        for answer in ("accepted", "declined", "expired", "withdrawn"):
            found[row["expert"], answer] = row[answer]
        assert row["ended"] == sum(
            found[row["expert"], a] for a in ("accepted", "declined", "expired", "withdrawn")
        )

    assert +found == expected


def test_the_first_of_the_rankings_accepted_five_times_of_eleven(exported: Path) -> None:
    rows = {row["rank"]: (row["offered"], row["accepted"]) for row in ask(exported, "acceptance_by_rank")}

    assert rows == {1: (11, 5), 2: (6, 0), 3: (6, 0)}


def test_response_times_are_from_the_offer_to_the_answer(exported: Path) -> None:
    rows = {row["answer"]: (row["answers"], row["p50"]) for row in ask(exported, "response_time")}

    assert rows == {"accepted": (5, 1.5), "declined": (6, 4.0)}


def test_overloaded_are_those_filled_to_capacity(exported: Path, told: History) -> None:
    rows = ask(exported, "overloaded_experts")

    taken = Counter(str(e.data.partition_key) for e in told.events if e.type == "yeon.expert.engaged.v1")
    assert {row["expert"]: row["taken"] for row in rows} == taken
    assert {(row["capacity"], row["most_at_once"], row["times_full"], row["open_now"]) for row in rows} == {
        (3, 1, 0, 0)
    }


def test_categories_without_experts_come_first(exported: Path) -> None:
    rows = ask(exported, "categories_lacking_experts")

    assert sum(row["never_accepted"] for row in rows) == 1
    assert sum(row["questions"] for row in rows) == 6
    assert rows[0]["never_accepted_share"] == max(row["never_accepted_share"] for row in rows)


def test_every_ready_query_is_tested_and_says_what_it_tells(exported: Path, yeon_log: Yeon) -> None:
    text = Path(__file__).read_text()
    listed = yeon_log("sql", "--list").output

    for name, query in ready_queries().items():
        assert f'"{name}"' in text
        assert query.description.endswith(".")
        assert name in listed


def test_words_are_sealed_without_keys_and_open_with_them(
    exported: Path, yeon_log: Yeon, store_url: str, told: History
) -> None:
    without = yeon_log("sql", "SELECT DISTINCT category FROM asked", "--in", exported, "--no-keys", "--json")
    found = "SELECT text FROM words WHERE field = 'content' ORDER BY position"
    opened = yeon_log("sql", found, "--in", exported, "--words", "--json")

    assert json.loads(without.output) == {"category": "(sealed)"}
    said = [json.loads(line)["text"] for line in opened.output.splitlines()]
    assert said == [e.data.content for e in told.events if getattr(e.data, "content", "")]  # type: ignore[attr-defined]


def test_sql_of_ones_own(exported: Path, yeon_log: Yeon, told: History) -> None:
    result = yeon_log("sql", "SELECT count(*) AS n, min(time) AS at FROM events", "--in", exported, "--json")

    assert json.loads(result.output) == {"n": len(told.events), "at": "2026-03-01T09:00:01+00:00"}
    assert "n,at" in yeon_log("sql", "SELECT 1 AS n, 2 AS at", "--in", exported, "--csv").output


def test_wrong_sql_and_a_missing_export_are_sentences(exported: Path, yeon_log: Yeon, tmp_path: Path) -> None:
    wrong = yeon_log("sql", "SELEKT", "--in", exported)
    missing = yeon_log("sql", "funnel", "--in", tmp_path)

    assert (wrong.exit_code, missing.exit_code) == (1, 1)
    assert wrong.output.startswith("DuckDB would not run it")
    assert "holds no export" in missing.output
