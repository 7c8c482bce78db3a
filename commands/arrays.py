"""Columns of rows as PostgreSQL's binary arrays, made in one go: a turn writes hundreds of rows in one statement.

The format is that of `array_recv`: dimensions, a null flag, the element's oid, length and lower bound, then each element
with its length. psycopg's own dumper looks at each element several times and costs more than the decisions.
"""

from collections.abc import Sequence
from struct import Struct
from uuid import UUID

from psycopg import adapters, postgres
from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEADER = Struct(">iiIii")
_LENGTH = Struct(">i")
_BIGINT = Struct(">iq")
_UUID_LENGTH = _LENGTH.pack(16)


class Column:
    """One column, in binary."""

    __slots__ = ("data",)

    def __init__(self, element: str, elements: Sequence[bytes]) -> None:
        oid = postgres.types[element].oid
        self.data = b"".join((_HEADER.pack(1, 0, oid, len(elements), 1), *elements))


class Uuids(Column):
    """A `uuid[]`."""

    def __init__(self, values: Sequence[UUID]) -> None:
        super().__init__("uuid", [_UUID_LENGTH + value.int.to_bytes(16, "big") for value in values])


class Bigints(Column):
    """A `bigint[]`."""

    def __init__(self, values: Sequence[int]) -> None:
        super().__init__("int8", [_BIGINT.pack(8, value) for value in values])


class Texts(Column):
    """A `text[]`."""

    def __init__(self, values: Sequence[str]) -> None:
        encoded = [value.encode() for value in values]
        super().__init__("text", [_LENGTH.pack(len(value)) + value for value in encoded])


class Byteas(Column):
    """A `bytea[]`."""

    def __init__(self, values: Sequence[bytes]) -> None:
        super().__init__("bytea", [_LENGTH.pack(len(value)) + value for value in values])


class _ColumnDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Column) -> Buffer:
        return obj.data


def _register() -> None:
    for column, element in ((Uuids, "uuid"), (Bigints, "int8"), (Texts, "text"), (Byteas, "bytea")):
        oid = postgres.types[element].array_oid
        adapters.register_dumper(column, type(f"{column.__name__}Dumper", (_ColumnDumper,), {"oid": oid}))


_register()
