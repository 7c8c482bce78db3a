"""Folded operations as SQL: one statement per layer, however many rows, with a part for each table, kind and set of
columns.

The rows of a part travel as one JSON text, which orjson writes and PostgreSQL reads faster than arrays of
each column.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, Literal

import orjson
from psycopg import AsyncConnection, sql

from projections.rows import Add, Delete, Key, Layer, RowOp, Update, Upsert, fold
from projections.tables import TABLES, Table

Statement = tuple[bytes, str]
"""A statement with one parameter, and that parameter: a JSON list of rows."""

Kind = Literal["Add", "Delete", "Update", "Upsert"]

_Group = tuple[str, Kind, tuple[str, ...]]
"""Table, kind of operation, columns beside the key."""


def statements(schema: str, ops: Iterable[RowOp]) -> list[list[Statement]]:
    """What does what `ops` do: lists of statements that touch different rows, to be run one list after the other.

    Raises TypeError for values that are no JSON.
    """
    return [found for layer in fold(ops) if (found := _of_layer(schema, layer))]


async def run(connection: AsyncConnection[Any], together: Sequence[Statement]) -> None:
    """Runs statements that touch different rows in one round trip, as parts of one statement."""
    if together:
        texts, parameters = zip(*together, strict=True)
        await connection.execute(_joined(texts), parameters)


async def write(
    connection: AsyncConnection[Any], schema: str, ops: Iterable[RowOp], besides: Sequence[Statement] = ()
) -> None:
    """Runs `statements`, and `besides` with the last of them, in the transaction that `connection` is in."""
    lists = statements(schema, ops) or [[]]
    for together in lists[:-1]:
        await run(connection, together)
    await run(connection, [*lists[-1], *besides])


@lru_cache(512)
def _joined(texts: tuple[bytes, ...]) -> bytes:
    parts = b", ".join(b"part%d AS (%s)" % (number, text) for number, text in enumerate(texts[:-1]))
    return b"WITH " + parts + b" " + texts[-1] if parts else texts[-1]


def _of_layer(schema: str, layer: Layer) -> list[Statement]:
    groups: dict[_Group, list[tuple[Key, dict[str, Any]]]] = {}
    for op in layer.values():
        values = _values(op)
        groups.setdefault((op.table, _kind(op), tuple(values)), []).append((op.key, values))
    found = []
    # The same order of tables and, where partitions share rows, of rows: two workers never wait for each other.
    for name, kind, columns in sorted(groups):
        rows = groups[name, kind, columns]
        if kind == "Add":
            rows.sort(key=lambda row: row[0])
        key = TABLES[name].key
        said = [dict(zip(key, row_key, strict=True)) | values for row_key, values in rows]
        found.append((_statement(schema, name, kind, columns), orjson.dumps(said, default=_plain).decode()))
    return found


def _kind(op: RowOp) -> Kind:
    match op:
        case Upsert():
            return "Upsert"
        case Update():
            return "Update"
        case Delete():
            return "Delete"
        case Add():
            return "Add"


def _values(op: RowOp) -> dict[str, Any]:
    """The columns beside the key. Every `Add` of a table has them all, so that it takes one statement."""
    match op:
        case Upsert() | Update():
            return dict(op.values)
        case Add():
            table = TABLES[op.table]
            return {
                name: op.greatest.get(name) if kind == "timestamptz" else op.sums.get(name, 0)
                for name, kind in table.columns.items()
                if name not in table.key
            }
        case Delete():
            return {}


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} does not belong in a row")


@cache
def _statement(schema: str, name: str, kind: Kind, columns: tuple[str, ...]) -> bytes:
    table = TABLES[name]
    parts = {
        "table": sql.Identifier(schema, name),
        "all": _list((*table.key, *columns)),
        "typed": sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(table.columns[column]))
            for column in (*table.key, *columns)
        ),
        "key": _list(table.key),
        "same": sql.SQL(" AND ").join(_pair("t.{0} = u.{0}", column) for column in table.key),
        "set": sql.SQL(", ").join(_setting(table, kind, column) for column in columns),
    }
    return sql.SQL(_shape(kind, bool(columns))).format(**parts).as_bytes(None)


def _shape(kind: Kind, changes: bool) -> str:
    given = "FROM json_to_recordset(%s::json) AS u ({typed})"
    if kind == "Delete":
        return f"DELETE FROM {{table}} AS t USING (SELECT * {given}) AS u WHERE {{same}}"
    if kind == "Update":
        return f"UPDATE {{table}} AS t SET {{set}} FROM (SELECT * {given}) AS u WHERE {{same}}"
    conflict = "DO UPDATE SET {set}" if changes else "DO NOTHING"
    return f"INSERT INTO {{table}} AS t ({{all}}) SELECT {{all}} {given} ON CONFLICT ({{key}}) {conflict}"


def _setting(table: Table, kind: Kind, column: str) -> sql.Composed:
    if kind == "Update":
        return _pair("{0} = u.{0}", column)
    if kind == "Upsert":
        return _pair("{0} = EXCLUDED.{0}", column)
    if table.columns[column] == "timestamptz":
        return _pair("{0} = greatest(t.{0}, EXCLUDED.{0})", column)
    return _pair("{0} = t.{0} + EXCLUDED.{0}", column)


def _pair(text: str, column: str) -> sql.Composed:
    return sql.SQL(text).format(sql.Identifier(column))


def _list(columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(column) for column in columns)
