"""The real parts every test may use: one embedded PostgreSQL, Valkey and broker a session, or Apache Kafka."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from redis import Redis

from infra.embedded import Broker, Part, Postgres, Valkey
from infra.embedded.ports import any_free
from infra.postgres import prepare

TEMPLATE = "yeon_template"
OWN_DIRECTORY = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--broker",
        choices=["embedded", "apache"],
        default=os.environ.get("YEON_TEST_BROKER", "embedded"),
        help="the Kafka that tests run on (also YEON_TEST_BROKER)",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """A directory of this session's own: in the one that sessions share, each takes other users' way through again,
    and PostgreSQL is another user where root runs the tests."""
    if config.option.basetemp is None:
        config.option.basetemp = tempfile.mkdtemp(prefix="yeon-pytest-")
        config.stash[OWN_DIRECTORY] = config.option.basetemp


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """What a failed session left stays to be looked at."""
    if exitstatus == 0 and (directory := session.config.stash.get(OWN_DIRECTORY, None)) is not None:
        shutil.rmtree(directory, ignore_errors=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Why a test failed that passed when it was run once more (`--reruns`): it has to be mended all the same."""
    for report in terminalreporter.stats.get("rerun", []):
        terminalreporter.section(f"failed at first: {report.nodeid}", sep="_")
        terminalreporter.write_line(report.longreprtext)
        for name, content in report.sections:
            terminalreporter.section(name, sep="-")
            terminalreporter.write_line(content)


@pytest.fixture(scope="session")
def broker_kind(request: pytest.FixtureRequest) -> str:
    """`embedded` or `apache`."""
    kind: str = request.config.getoption("--broker")
    return kind


@pytest.fixture(scope="session")
def parts_directory() -> Iterator[Path]:
    """Where the session's servers keep their state; outside pytest's own directory, which other users cannot pass."""
    directory = Path(tempfile.mkdtemp(prefix="yeon-test-"))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def run_part(parts_directory: Path) -> Iterator[Callable[[type[Part]], Part]]:
    """Starts a part in the session's directory; all are stopped at its end."""
    started: list[Part] = []

    def run(kind: type[Part]) -> Part:
        directory = parts_directory / f"{kind.__name__.lower()}{len(started)}"
        part = kind(directory, any_free(), directory.with_suffix(".log"))
        part.start()
        started.append(part)
        return part

    yield run
    for part in reversed(started):
        part.stop()


@pytest.fixture(scope="session")
def postgres_url(run_part: Callable[[type[Part]], Part]) -> str:
    """A PostgreSQL with a template database that has the tables of the store and of ops."""
    url = run_part(Postgres).url
    _administer(url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    prepare(_database(url, TEMPLATE))
    return url


@pytest.fixture
def fresh_database(postgres_url: str) -> Iterator[Callable[[], str]]:
    """Makes a new database with the tables of the store and of ops, and gives its URL; dropped after the test."""
    made: list[str] = []

    def make() -> str:
        return _make_database(postgres_url, made)

    yield make
    _drop_databases(postgres_url, made)


@pytest.fixture(scope="module")
def module_database(postgres_url: str) -> Iterator[str]:
    """The URL of a new database that the tests of one module share."""
    made: list[str] = []
    yield _make_database(postgres_url, made)
    _drop_databases(postgres_url, made)


@pytest.fixture(scope="session")
def redis_server_url(run_part: Callable[[type[Part]], Part]) -> str:
    """A Valkey that keeps what other tests left in it."""
    return run_part(Valkey).url


@pytest.fixture
def redis_url(redis_server_url: str) -> str:
    """A Valkey with nothing in it."""
    with Redis.from_url(redis_server_url) as client:
        client.flushall()
    return redis_server_url


@pytest.fixture(scope="session")
def kafka_part(run_part: Callable[[type[Part]], Part], broker_kind: str) -> Part:
    """The session's Kafka, as a process that a test may kill and start again."""
    if broker_kind == "embedded":
        return run_part(Broker)
    from infra.kafka.apache import ApacheKafka

    return run_part(ApacheKafka)


@pytest.fixture(scope="session")
def kafka_url(kafka_part: Part) -> str:
    """`kafka://host:port` of the session's Kafka. No topics: make your own, or call `infra.kafka.topics.prepare`."""
    return kafka_part.url


def _make_database(url: str, made: list[str]) -> str:
    name = f"test_{uuid4().hex[:12]}"
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    _administer(url, statement.format(sql.Identifier(name), sql.Identifier(TEMPLATE)))
    made.append(name)
    return _database(url, name)


def _drop_databases(url: str, names: list[str]) -> None:
    for name in names:
        _administer(url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _administer(url: str, statement: sql.Composed) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def _database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
