"""Columns in binary come out of PostgreSQL as they went in."""

from uuid import uuid4

import psycopg

from commands.arrays import Bigints, Byteas, Texts, Uuids


def test_columns_come_back_as_they_were(store: str) -> None:
    ids, numbers = [uuid4() for _ in range(3)], [0, -1, 2**62]
    texts, states = ["", "한글 ✓", 'a,{}"b'], [b"", b"\x00\xff", "한글".encode()]
    with psycopg.connect(store) as connection:
        found = connection.execute(
            "SELECT * FROM unnest(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[])",
            (Uuids(ids), Bigints(numbers), Texts(texts), Byteas(states)),
        ).fetchall()
    assert found == list(zip(ids, numbers, texts, states, strict=True))


def test_an_empty_column_is_an_empty_array(store: str) -> None:
    with psycopg.connect(store) as connection:
        assert connection.execute("SELECT * FROM unnest(%b::uuid[])", (Uuids([]),)).fetchall() == []
