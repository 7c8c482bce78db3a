"""`yeon erase verify` says of somebody who was not erased, or whom nobody knows, that they were not: exit code 1."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import orjson
import psycopg
import pytest
from typer.testing import CliRunner, Result

from streams.erasure.__main__ import app

Verify = Callable[..., Result]


@pytest.fixture
def url(fresh_database: Callable[[], str]) -> str:
    return fresh_database()


@pytest.fixture
def verify(
    url: str, kafka_url: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Verify:
    """Runs `yeon erase verify`, with every store there and holding nothing of the person."""
    given = {"POSTGRES_URL": url, "KAFKA_URL": kafka_url, "REDIS_URL": redis_url, "DATA_DIR": str(tmp_path)}
    for name, value in given.items():
        monkeypatch.setenv(f"YEON_{name}", value)
    return lambda person, *options: CliRunner().invoke(app, ["verify", str(person), *options])


def erased(url: str, person: UUID) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM store.person_keys WHERE user_id = %s", (person,))
        connection.execute("INSERT INTO store.erased_persons VALUES (%s, now(), now())", (person,))


def test_whom_nobody_knows_was_not_erased(verify: Verify) -> None:
    person = uuid4()
    said = verify(person)
    assert said.exit_code == 1, said.output
    assert f"{person} was not erased." in said.output


def test_somebody_passes_only_once_they_are_erased_and_their_key_is_gone(url: str, verify: Verify) -> None:
    # given somebody with a key, then they do not pass, and it is said why
    person = uuid4()
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO store.person_keys (user_id, key) VALUES (%s, %s)", (person, b"k" * 32)
        )
    said = verify(person, "--json")
    assert said.exit_code == 1, said.output
    found = orjson.loads(said.output)
    assert (found["erasedAt"], found["key"], found["left"]) == (None, True, [])

    # when they are erased, then they pass
    erased(url, person)
    said = verify(person, "--json")
    assert said.exit_code == 0, said.output
    found = orjson.loads(said.output)
    assert (found["key"], found["left"]) == (False, [])
    assert found["erasedAt"]
    assert found["clearedAt"]
