"""What PostgreSQL deleted is still on its disk; `yeon erase scrub` has it written over, and nothing of anybody else's.

On a PostgreSQL of its own, in which nothing but what is planted here was ever written.
"""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import psycopg
import pytest
from typer.testing import CliRunner, Result

from infra.embedded import Postgres
from infra.embedded.ports import any_free
from infra.postgres import prepare
from projections.tables import LIVE, ddl
from streams.erasure.__main__ import app
from tests.stories.remains import Found, on_disk, planted

FORGOTTEN, OTHER = UUID(int=1), UUID(int=2)
KEY, OTHERS_KEY = b"0f-the-forgotten-a-key-8rj2w-of!", b"0f-another-who-stays-a-key-5tn6!"
NAME, USER, MAIL = "보라매#n8rj2w", "user-8rj2w", "mail-8rj2w@example.org"
OTHERS_NAME, SEALED = "수리부엉이#5tn6", b"sealed-5tn6"
PLANTED = planted([KEY, *(text.encode() for text in (NAME, USER, MAIL))])
OTHERS = (OTHERS_KEY, OTHERS_NAME.encode(), SEALED)


@pytest.fixture(scope="module")
def server(parts_directory: Path) -> Iterator[Postgres]:
    part = Postgres(parts_directory / "scrubbed", any_free(), parts_directory / "scrubbed.log")
    part.start()
    prepare(part.url)
    with psycopg.connect(part.url) as connection:
        connection.execute(ddl(LIVE))
    yield part
    part.stop()


def scrub(url: str, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setenv("YEON_POSTGRES_URL", url)
    return CliRunner().invoke(app, ["scrub"])


def parts_of(found: Found) -> set[str]:
    """Of PostgreSQL's directory: `base` has the tables, `pg_wal` the write-ahead log."""
    return {path.parts[0] for path in found}


def forget_somebody(url: str) -> None:
    """Somebody's key, credentials and name are written, sampled for the planner, and go as an erasure makes them go."""
    with psycopg.connect(url, autocommit=True) as connection:
        for person, key, name, user, mail in (
            (OTHER, OTHERS_KEY, OTHERS_NAME, "other", "other@example.org"),
            # The last in its page: a plain VACUUM frees its place, and leaves the bytes in it.
            (FORGOTTEN, KEY, NAME, USER, MAIL),
        ):
            connection.execute("INSERT INTO store.person_keys (user_id, key) VALUES (%s, %s)", (person, key))
            connection.execute(
                "INSERT INTO store.credentials VALUES (%s, %s, %s, 'hash', now())", (person, user, mail)
            )
            connection.execute(
                "INSERT INTO views.people (user_id, display_name, role) VALUES (%s, %s, 'both')",
                (person, name),
            )
        connection.execute("INSERT INTO store.stored_events VALUES (%s, 1, 'a', %s, 1)", (OTHER, SEALED))
        connection.execute("ANALYZE")
        connection.execute("DELETE FROM store.person_keys WHERE user_id = %s", (FORGOTTEN,))
        connection.execute("DELETE FROM store.credentials WHERE user_id = %s", (FORGOTTEN,))
        connection.execute("UPDATE views.people SET display_name = '' WHERE user_id = %s", (FORGOTTEN,))
        connection.execute("CHECKPOINT")


def test_no_byte_of_what_was_deleted_is_left_on_the_disk(
    server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given somebody whose key and words are deleted, and still lie in tables and in the write-ahead log
    forget_somebody(server.url)
    for one in PLANTED[:4]:
        assert parts_of(on_disk(server.directory, [one])) >= {"base", "pg_wal"}, one

    # when the disk is scrubbed
    done = scrub(server.url, monkeypatch)

    # then none of it is anywhere, and what is another's is where it was
    assert done.exit_code == 0, done.output
    assert on_disk(server.directory, PLANTED) == set()
    for one in OTHERS:
        assert "base" in parts_of(on_disk(server.directory, [one])), one
    with psycopg.connect(server.url) as connection:
        keys = connection.execute("SELECT user_id, key FROM store.person_keys").fetchall()
        names = connection.execute("SELECT display_name FROM views.people ORDER BY user_id").fetchall()
        (events,) = connection.execute("SELECT count(*) FROM store.stored_events").fetchone() or (0,)
    assert keys == [(OTHER, OTHERS_KEY)]
    assert names == [("",), (OTHERS_NAME,)]
    assert events == 1


def test_whoever_is_no_superuser_is_refused_before_anything_is_done(
    server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a role that may all that scrubbing asks for, but write others' tables anew: VACUUM only warns and skips them
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE ROLE looker LOGIN PASSWORD 'looker' IN ROLE pg_monitor, pg_checkpoint")
        connection.execute("GRANT EXECUTE ON FUNCTION pg_switch_wal() TO looker")
        connection.execute("GRANT USAGE ON SCHEMA store, ops, views TO looker")
        before = connection.execute("SELECT pg_relation_filenode('store.person_keys')").fetchone()
    address = urlsplit(server.url)
    url = urlunsplit(address._replace(netloc=f"looker:looker@{address.hostname}:{address.port}"))

    # when it scrubs, then it is told why not, and no table was written
    done = scrub(url, monkeypatch)
    assert done.exit_code == 2
    assert "superuser" in done.output
    with psycopg.connect(server.url) as connection:
        after = connection.execute("SELECT pg_relation_filenode('store.person_keys')").fetchone()
    assert after == before


def test_a_postgresql_that_is_away_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    done = scrub(f"postgresql://yeon@127.0.0.1:{any_free()}/yeon", monkeypatch)
    assert done.exit_code == 2
    assert done.output.startswith("PostgreSQL did not do it: ")
    assert isinstance(done.exception, SystemExit)
