"""DuckDB over the segments of an export, with the views of `views.sql`; nothing is fetched from anywhere."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa

from infra.keys import Keyring
from schemas.mapper import words_in
from streams.log.export import manifest as manifests
from streams.log.export.segment import File

_VIEWS = files("streams.log.sql").joinpath("views.sql")
_QUERIES = files("streams.log.sql").joinpath("queries")


_NO_BOXES = "(SELECT 0::BIGINT AS position, '' AS person, '' AS box WHERE false)"
_BOXES = """
    SELECT position, aggregate, version, type, person, box FROM sealed JOIN events USING (position)
    WHERE len(?) = 0 OR type IN (SELECT unnest(?))
"""
AT_ONCE = 10_000
"""Boxes opened at once."""


class SqlRefused(Exception):
    """DuckDB would not run a query; the message is a sentence for a person."""


@dataclass(frozen=True, slots=True)
class Query:
    """A ready query: its name, what it tells, and its SQL."""

    name: str
    description: str
    sql: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The columns and rows of a result; moments come as datetimes."""

    columns: list[str]
    rows: list[tuple[Any, ...]]

    def as_dicts(self) -> list[dict[str, Any]]:
        """The rows by the names of the columns."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def ready_queries() -> dict[str, Query]:
    """Every ready query, by name."""
    found = {}
    for file in sorted(_QUERIES.iterdir(), key=lambda one: one.name):
        text = file.read_text()
        name, first = file.name.removesuffix(".sql"), text.splitlines()[0]
        found[name] = Query(name, first.removeprefix("-- "), text)
    return found


class Session:
    """One connection. Queries see `events`, `asked`, `questions`, `offers`, `answers` and `candidates`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def join_keys(self, read: Callable[[Sequence[UUID]], Keyring], types: Sequence[str] = ()) -> None:
        """Fills `words` with what the boxes of events of `types` (all, if empty) hold, as far as there are keys.

        `read` gives a keyring that knows these persons.
        """
        boxes = self._connection.cursor().execute(_BOXES, [list(types), list(types)])
        while rows := boxes.fetchmany(AT_ONCE):
            keys = read([UUID(person) for person in {row[4] for row in rows}])
            found: list[tuple[int, str, str, str]] = []
            for position, aggregate, version, type_name, person, box in rows:
                if (key := keys.of(UUID(person))) is not None:
                    texts = words_in(UUID(aggregate), version, type_name, UUID(person), box, key)
                    found += [(position, person, field, text) for field, text in texts.items()]
            columns = [list(column) for column in zip(*found, strict=True)] or [[], [], [], []]
            opened = pa.table(columns, names=["position", "person", "field", "text"])
            self._connection.from_arrow(opened).insert_into("words")

    def ask(self, sql: str) -> Answer:
        """Runs `sql`. Raises `SqlRefused`."""
        try:
            relation = self._connection.sql(sql)
            table = None if relation is None else relation.to_arrow_table()
        except duckdb.Error as error:
            raise SqlRefused(f"DuckDB would not run it: {error}") from error
        if table is None:  # a statement without a result
            return Answer([], [])
        columns = [column.to_pylist() for column in table.columns]
        return Answer(list(table.column_names), list(zip(*columns, strict=True)))


@contextmanager
def session(directory: Path) -> Iterator[Session]:
    """DuckDB over the export in `directory`. Raises `ManifestUnusable` if there is none."""
    manifest = manifests.must_read(directory)
    events = _listed(directory, [one.events for one in manifest.segments])
    boxes = [one.sealed for one in manifest.segments if one.sealed is not None]
    sealed = f"read_parquet({_listed(directory, boxes)})" if boxes else _NO_BOXES
    with duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false"}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(_VIEWS.read_text().format(files=events, sealed=sealed))
        yield Session(connection)


def _listed(directory: Path, found: Sequence[File]) -> str:
    return "[" + ", ".join("'" + str(directory / file.name).replace("'", "''") + "'" for file in found) + "]"
