"""When somebody is told."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.notices.schedule import Pace, quiet_until

NIGHT = (time(22), time(8))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "zone", "until"),
    [
        ("2026-03-01 12:59", "Asia/Seoul", None),  # 21:59 there
        ("2026-03-01 13:00", "Asia/Seoul", "2026-03-01 23:00"),  # 22:00, until 08:00
        ("2026-03-01 22:59:59", "Asia/Seoul", "2026-03-01 23:00"),
        ("2026-03-01 23:00", "Asia/Seoul", None),
        ("2026-03-01 03:00", "America/New_York", "2026-03-01 13:00"),
        # The night in which clocks go forward is an hour shorter, the one in which they go back an hour longer.
        ("2026-03-29 00:00", "Europe/Berlin", "2026-03-29 06:00"),
        ("2026-10-25 00:00", "Europe/Berlin", "2026-10-25 07:00"),
    ],
)
def test_a_night_passes_midnight_where_the_person_is(at: str, zone: str, until: str | None) -> None:
    assert quiet_until(utc(at), zone, *NIGHT) == (None if until is None else utc(until))


def test_a_nap_does_not_pass_midnight_and_no_hours_are_never_quiet() -> None:
    nap = (time(13), time(14, 30))
    assert quiet_until(utc("2026-03-01 04:30"), "Asia/Seoul", *nap) == utc("2026-03-01 05:30")
    assert quiet_until(utc("2026-03-01 05:30"), "Asia/Seoul", *nap) is None
    assert quiet_until(utc("2026-03-01 05:30"), "Asia/Seoul", None, None) is None
    assert quiet_until(utc("2026-03-01 05:30"), "Asia/Seoul", time(9), time(9)) is None


@given(
    at=st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),
    zone=st.sampled_from(["Asia/Seoul", "America/New_York", "Europe/Berlin", "Pacific/Apia"]),
    quiet_from=st.times(),
    quiet_to=st.times(),
)
def test_quiet_hours_end_within_a_day_and_then_it_is_not_quiet(
    at: datetime, zone: str, quiet_from: time, quiet_to: time
) -> None:
    until = quiet_until(at, zone, quiet_from, quiet_to)
    if until is not None:
        assert at < until <= at + timedelta(hours=25)
        # Where clocks go back over the end, it comes twice; one look later it is over.
        assert quiet_until(until + timedelta(hours=1), zone, quiet_from, quiet_to) != until


def test_an_offer_is_pushed_at_once_and_a_message_waits_to_be_read() -> None:
    pace, at = Pace(), utc("2026-03-01 09:00")
    assert pace.first("offer", "push", at) == at
    assert pace.first("message", "push", at) == at + timedelta(seconds=5)
    assert pace.first("offer", "mail", at) < pace.first("message", "mail", at)
    assert pace.again("message", "mail") == timedelta(hours=1)
    assert pace.again("offer", "mail") == timedelta()


def test_attempts_come_further_apart_until_it_is_given_up() -> None:
    pace = Pace()
    waits = [pace.after_failure(attempt, None) for attempt in range(1, 7)]
    assert waits[-1] is None
    known = [wait for wait in waits if wait is not None]
    assert known == sorted(known)
    assert len(known) == 5
    assert pace.after_failure(1, timedelta(minutes=5)) == timedelta(minutes=5)
    assert pace.after_failure(1, timedelta(days=5)) == timedelta(hours=1)
