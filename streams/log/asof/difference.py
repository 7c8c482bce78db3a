"""What changed in the views between two moments, from two files of `streams.log.asof.build`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb

from projections.tables import TABLES, Table

Kind = Literal["added", "removed", "changed"]


class NoMoment(Exception):
    """A file is none of `yeon log as-of`; the message is a sentence for a person."""


@dataclass(frozen=True, slots=True)
class Change:
    """A row of a view that differs. `before` and `after` hold the columns that changed; of a row that is new or
    gone, all columns on one side and nothing on the other."""

    table: str
    key: dict[str, Any]
    kind: Kind
    before: dict[str, Any]
    after: dict[str, Any]


@contextmanager
def compared(first: Path, second: Path) -> Iterator["Difference"]:
    """The difference between two files. Raises `NoMoment`."""
    with duckdb.connect(":memory:") as duck:
        duck.execute("SET TimeZone = 'UTC'")
        for name, path in (("a", first), ("b", second)):
            quoted = str(path).replace("'", "''")
            try:
                duck.execute(f"ATTACH '{quoted}' AS {name} (READ_ONLY)")
                duck.execute(f"SELECT position FROM {name}.as_of")
            except duckdb.Error as error:
                raise NoMoment(f"{path} is no file of `yeon log as-of`: {error}") from error
        yield Difference(duck)


class Difference:
    """Two moments side by side."""

    def __init__(self, duck: duckdb.DuckDBPyConnection) -> None:
        self._duck = duck

    def counts(self) -> dict[str, dict[Kind, int]]:
        """By table, how many rows were added, removed and changed."""
        found: dict[str, dict[Kind, int]] = {}
        for table in TABLES.values():
            rows = self._duck.execute(
                f"SELECT kind, count(*) FROM ({_differing(table)}) GROUP BY kind"
            ).fetchall()
            counts = dict(rows)
            found[table.name] = {"added": 0, "removed": 0, "changed": 0, **counts}
        return found

    def changes(self, name: str) -> Iterator[Change]:
        """The rows of one table that differ, in the order of keys."""
        table = TABLES[name]
        cursor = self._duck.execute(f"{_differing(table)} ORDER BY {', '.join(table.key)}")
        width = len(table.columns)
        while rows := cursor.fetchmany(1_000):
            for kind, *values in rows:
                yield _change(table, kind, values[:width], values[width:])


def _change(table: Table, kind: Kind, old: list[Any], new: list[Any]) -> Change:
    before, after = dict(zip(table.columns, old, strict=True)), dict(zip(table.columns, new, strict=True))
    key = {name: (before if kind == "removed" else after)[name] for name in table.key}
    if kind == "changed":
        names = [name for name in table.columns if before[name] != after[name]]
        return Change(table.name, key, kind, {n: before[n] for n in names}, {n: after[n] for n in names})
    return Change(
        table.name, key, kind, before if kind == "removed" else {}, after if kind == "added" else {}
    )


def _differing(table: Table) -> str:
    def texts(side: str) -> str:
        return ", ".join(f'{side}."{name}"::VARCHAR AS {side}_{name}' for name in table.columns)

    keys = ", ".join(f'coalesce(a."{name}", b."{name}") AS "{name}"' for name in table.key)
    same = " AND ".join(f'a."{name}" = b."{name}"' for name in table.key)
    first = table.key[0]
    differs = " OR ".join(f'a."{name}" IS DISTINCT FROM b."{name}"' for name in table.columns)
    shown = ", ".join(f"{side}_{name}" for side in "ab" for name in table.columns)
    return f"""
        SELECT kind, {shown} FROM (
            SELECT CASE WHEN a."{first}" IS NULL THEN 'added' WHEN b."{first}" IS NULL THEN 'removed'
                ELSE 'changed' END AS kind, {keys}, {texts("a")}, {texts("b")}
            FROM a."{table.name}" a FULL JOIN b."{table.name}" b ON {same} WHERE {differs}
        )"""
