"""Logging: a record is one line, whatever it holds."""

import logging

from infra.telemetry import OneLine


def test_a_traceback_stays_in_the_line_of_its_record() -> None:
    try:
        raise ValueError("first\nsecond")
    except ValueError as error:
        record = logging.LogRecord(
            "streams.relay", logging.ERROR, "", 1, "failed: %s", ("a",), (type(error), error, None)
        )
    record.created = 0.5
    line = OneLine("relay").format(record)
    assert line.startswith("1970-01-01T00:00:00.500Z ERROR relay streams.relay: failed: a ⏎ ")
    assert "second" in line
    assert "\n" not in line
