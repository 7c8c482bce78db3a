"""The embedded servers: they keep what they must over a kill -9, let nobody in without the password, and end when the
process that started them ends, however it ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest
from redis import AuthenticationError, Redis

from infra.embedded import Broker, Part, PartFailed, Postgres, Valkey
from infra.embedded.broker import speaks_kafka
from infra.embedded.ports import HOST, Ports, any_free, is_free

STARTER = """
import sys, time
from pathlib import Path
from infra.embedded import {kind}
from infra.embedded.ports import any_free
part = {kind}(Path(sys.argv[1]), any_free(), Path(sys.argv[1] + ".log"))
part.start()
print(part.child.pid, flush=True)
time.sleep(600)
"""


def until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def started(parts_directory: Path, request: pytest.FixtureRequest) -> Callable[[type[Part]], Part]:
    def start(kind: type[Part]) -> Part:
        directory = parts_directory / f"{kind.__name__}-{any_free()}"
        part = kind(directory, any_free(), directory.with_suffix(".log"))
        request.addfinalizer(part.stop)
        part.start()
        return part

    return start


def test_postgres_keeps_what_was_committed_before_a_kill(started: Callable[[type[Part]], Part]) -> None:
    postgres = started(Postgres)
    with psycopg.connect(postgres.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")

    postgres.kill()
    assert not postgres.alive
    until(lambda: _starts(postgres))

    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (1,)
        assert connection.execute("SELECT current_setting('fsync')").fetchone() == ("on",)


def test_postgres_wants_its_password(started: Callable[[type[Part]], Part]) -> None:
    postgres = started(Postgres)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://yeon:wrong@{HOST}:{postgres.port}/yeon")


def test_valkey_wants_its_password_and_comes_back(started: Callable[[type[Part]], Part]) -> None:
    valkey = started(Valkey)
    with Redis(host=HOST, port=valkey.port) as stranger, pytest.raises(AuthenticationError):
        stranger.ping()

    valkey.kill()
    valkey.start()

    with Redis.from_url(valkey.url) as client:
        assert client.ping()


def test_the_broker_comes_back_on_its_port_after_a_kill(started: Callable[[type[Part]], Part]) -> None:
    broker = started(Broker)
    broker.kill()
    assert not speaks_kafka(broker.port)
    broker.start()
    assert speaks_kafka(broker.port)


@pytest.mark.parametrize("kind", [Postgres, Valkey, Broker])
def test_a_part_ends_when_its_starter_is_killed(kind: type[Part], parts_directory: Path) -> None:
    directory = parts_directory / f"orphan-{kind.__name__}"
    script = STARTER.format(kind=kind.__name__)
    starter = subprocess.Popen(
        [sys.executable, "-c", script, str(directory)], stdout=subprocess.PIPE, text=True
    )
    with starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        assert not gone(pid)

        starter.kill()

    until(lambda: gone(pid))


def test_a_part_that_cannot_listen_says_so_with_its_log(started: Callable[[type[Part]], Part]) -> None:
    first = started(Valkey)
    second = Valkey(first.directory.with_name("second"), first.port, first.log.with_name("second.log"))
    with pytest.raises(PartFailed, match=r"Valkey ended while starting(.|\n)*in use"):
        second.start()


def test_stop_ends_a_part_that_does_not_react(started: Callable[[type[Part]], Part]) -> None:
    valkey = started(Valkey)
    assert valkey.child is not None
    os.kill(valkey.child.pid, signal.SIGSTOP)
    valkey.child.stop(seconds=0.2)
    assert not valkey.alive


def test_a_port_is_remembered_while_it_is_free(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    port = Ports(file).claim("postgres")
    assert Ports(file).claim("postgres") == port


def test_a_port_that_was_taken_is_given_up(started: Callable[[type[Part]], Part], tmp_path: Path) -> None:
    taken = started(Valkey).port
    file = tmp_path / "ports.json"
    file.write_text(f'{{"valkey": {taken}}}')
    port = Ports(file).claim("valkey")
    assert port != taken
    assert is_free(port)


def _starts(part: Part) -> bool:
    """Once: PostgreSQL refuses while a backend of the killed one is still ending."""
    try:
        part.start()
    except PartFailed:
        return False
    return True
