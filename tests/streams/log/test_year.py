"""Given a seed, when a year is made up, then it is the same year, a valid log, and has the rhythm of people."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random

import psycopg
import pytest
from typer.testing import CliRunner

from commands.bulk import Bulk, StoreNotEmpty
from commands.rules import rules_of
from infra.log import EventLog
from infra.postgres import pool as connect
from infra.settings import Settings, settings
from projections.catalogue import VIEWS
from projections.rebuild import rebuild
from schemas.envelope import Event
from schemas.events.question import OfferAccepted, QuestionAsked
from schemas.events.room import MessagePosted
from streams.log.__main__ import app
from streams.log.filters import Wanted
from streams.log.store import store
from streams.log.year.rhythm import SEOUL, arrivals
from streams.log.year.simulation import Size, Year
from streams.log.year.talk import ENGLISH, KOREAN, Part, Talk, words

SIZE = Size(datetime(2025, 3, 1, tzinfo=UTC), days=14, askers=60, experts=60, questions=150)


def make(url: str, seed: int = 1) -> list[Event]:
    with Bulk(url, rules_of(Settings(postgres_url=url))) as writer:
        asked = sum(Year(writer, SIZE, seed).run())
    assert asked == SIZE.questions
    with store(url) as log:
        return list(log.events(Wanted()))


async def test_the_log_is_whole_and_every_view_takes_all_of_it(fresh_database: Callable[[], str]) -> None:
    url = fresh_database()
    events = make(url)

    assert [event.position for event in events] == list(range(1, len(events) + 1))
    versions: Counter[object] = Counter()
    for event in events:
        versions[event.stream_id] += 1
        assert event.version == versions[event.stream_id]
    times = [event.meta.at for event in events]
    assert times == sorted(times)
    async with connect(url, "test") as pool:
        state = await rebuild(pool, EventLog(pool), list(VIEWS.values()))
        async with pool.connection() as connection:
            cursor = await connection.execute("SELECT status, count(*) FROM views.questions GROUP BY 1")
            statuses = dict(await cursor.fetchall())
    assert state.parked == []
    assert state.events == len(events)
    assert sum(statuses.values()) == SIZE.questions
    assert statuses["resolved"] > SIZE.questions / 4
    assert set(statuses) > {"resolved", "cancelled"}


def test_the_same_seed_makes_the_same_events(fresh_database: Callable[[], str]) -> None:
    first, again, other = make(fresh_database()), make(fresh_database()), make(fresh_database(), seed=2)

    assert first == again
    assert first != other


def test_people_speak_korean_and_english(fresh_database: Callable[[], str]) -> None:
    events = make(fresh_database())

    asked = [event.data.content for event in events if isinstance(event.data, QuestionAsked)]
    korean = sum(any("가" <= letter <= "힣" for letter in text) for text in asked)
    assert SIZE.questions * 0.5 < korean < SIZE.questions * 0.95
    assert sum(isinstance(event.data, MessagePosted) for event in events) > SIZE.questions


def test_nobody_answers_in_a_language_they_do_not_speak(fresh_database: Callable[[], str]) -> None:
    url = fresh_database()
    with Bulk(url, rules_of(Settings(postgres_url=url))) as writer:
        year = Year(writer, SIZE, 1)
        sum(year.run())
    speaks = {one.id: one for one in year.experts}
    korean = {one.id: one.korean for one in year.askers}
    with store(url) as log:
        events = list(log.events(Wanted()))

    asked_in = {e.stream_id: korean[e.meta.actor_id] for e in events if isinstance(e.data, QuestionAsked)}
    taken = [(e.data.expert_id, asked_in[e.stream_id]) for e in events if isinstance(e.data, OfferAccepted)]
    assert len(taken) > 50
    assert all(speaks[expert].speaks(language) for expert, language in taken)
    assert {speaks[expert].korean for expert, _ in taken} == {True, False}


@pytest.mark.parametrize("length", [4, 5, 8, 30])
@pytest.mark.parametrize("well", [True, False])
def test_a_conversation_has_advice_before_thanks_and_ends_as_it_went(length: int, well: bool) -> None:
    for seed in range(200):
        talk, random = Talk(length, well), Random(seed)

        said: list[tuple[str, Part]] = []
        while talk.left:
            said.append(talk.next(random))

        parts = [part for _, part in said]
        assert len(said) == length
        assert said[0] == ("expert", "greeting")
        assert "advice" in parts
        if well:
            assert said[-2:] == [("asker", "thanks"), ("expert", "farewell")]
        else:
            assert said[-1] == ("asker", "in vain")
        assert parts.count("thanks") == int(well)
        assert {"trying": "asker", "matter": "asker", "advice": "expert"}.items() >= {
            (part, who) for who, part in said[1:-2]
        }
        if "trying" in parts:
            assert parts.index("advice") < parts.index("trying")


def test_what_came_back_is_advised_on_and_thanked_for() -> None:
    talk, random = Talk(4, well=True, begun="again"), Random(1)

    assert [talk.next(random)[1] for _ in range(4)] == ["again", "advice", "thanks", "farewell"]


def test_everything_can_be_said_in_both_languages() -> None:
    assert KOREAN.keys() == ENGLISH.keys()
    assert words("thanks", True, Random(1)) in KOREAN["thanks"]
    assert words("thanks", False, Random(1)) in ENGLISH["thanks"]


def test_a_store_with_events_is_left_alone(fresh_database: Callable[[], str]) -> None:
    url = fresh_database()
    events = make(url)

    with pytest.raises(StoreNotEmpty, match=f"holds {len(events)} events"):
        make(url)

    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM store.stored_events").fetchone()
    assert row == (len(events),)


def test_people_come_by_day_and_on_weekdays_and_in_bursts() -> None:
    start = datetime(2025, 1, 1, tzinfo=UTC)

    found = list(arrivals(start, 365, 40_000, Random(1)))

    moments = [at for at, _ in found]
    assert moments == sorted(moments)
    hours = Counter(at.astimezone(SEOUL).hour for at in moments)
    assert hours[10] > 8 * hours[4]
    days = Counter(at.astimezone(SEOUL).weekday() for at in moments)
    assert days[1] > 1.3 * days[5]
    in_bursts = sum(burst is not None for _, burst in found)
    assert 0.003 < in_bursts / len(found) < 0.2
    assert len(moments) == 40_000
    first_month, last_month = moments[3_333], moments[-3_333]
    assert (first_month - start) > (moments[-1] - last_month)


def test_the_command_makes_a_year_once(
    fresh_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YEON_POSTGRES_URL", fresh_database())
    settings.cache_clear()
    arguments = ["make-up", "--questions", "5", "--askers", "3", "--experts", "6", "--days", "3", "--json"]

    made, again = CliRunner().invoke(app, arguments), CliRunner().invoke(app, arguments)

    settings.cache_clear()
    assert json.loads(made.output)["position"] > 5
    assert again.exit_code == 1
    assert again.output.startswith("The event store holds")
