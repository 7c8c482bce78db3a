"""The description of the tables in Python and their statements in SQL say the same."""

from projections.catalogue import VIEWS
from projections.prepare import prepare
from projections.queries.reading import Pool
from projections.tables import TABLES, ddl
from schemas.events import CATALOGUE
from schemas.events.account import AccountErased
from tests.projections.whole_stories import rich

_COLUMNS = """
    SELECT a.attname, format_type(a.atttypid, NULL), coalesce(k.n, 0) > 0
    FROM pg_attribute a
    LEFT JOIN LATERAL (SELECT count(*) AS n FROM pg_index i
                       WHERE i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY(i.indkey)) k ON true
    WHERE a.attrelid = %s::regclass AND a.attnum > 0 ORDER BY a.attnum
"""
_SPELT = {"int": "integer", "timestamptz": "timestamp with time zone"}


async def test_the_columns_are_those_of_the_database(pool: Pool) -> None:
    async with pool.connection() as connection:
        for table in TABLES.values():
            found = await (await connection.execute(_COLUMNS, (f"views.{table.name}",))).fetchall()

            assert [(name, kind) for name, kind, _ in found] == [
                (name, _SPELT.get(kind, kind)) for name, kind in table.columns.items()
            ]
            assert tuple(name for name, _, in_key in found if in_key) == table.key


async def test_making_the_tables_again_keeps_what_is_in_them(pool: Pool) -> None:
    async with pool.connection() as connection:
        await connection.execute("UPDATE ops.tracking SET position = 7")
        await connection.execute("INSERT INTO views.people (user_id) VALUES (gen_random_uuid())")

    await prepare(pool)

    async with pool.connection() as connection:
        people = await (await connection.execute("SELECT count(*) FROM views.people")).fetchone()
        positions = await (await connection.execute("SELECT DISTINCT position FROM ops.tracking")).fetchall()
        tables = await (
            await connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'x'")
        ).fetchone()
        await connection.execute(ddl("x"))
        beside = await (
            await connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'x'")
        ).fetchone()
    assert people == (1,)
    assert positions == [(7,)]
    assert tables == (0,)
    assert beside == (len(TABLES),)


def test_every_table_belongs_to_one_view() -> None:
    assert sorted(table for view in VIEWS.values() for table in view.tables) == sorted(TABLES)


def test_a_view_names_every_event_that_its_projector_reads() -> None:
    events = rich().events
    # Nobody is forgotten in the history, which others go on reading: `test_erasure` has one of its own for that.
    of_views = {one for one in CATALOGUE.values() if one.TOPIC in {view.topic for view in VIEWS.values()}}
    assert {type(event.data) for event in events} == of_views - {AccountErased}, (
        "the history must hold every type"
    )
    for view in VIEWS.values():
        read = {type(event.data) for event in events if _says_something(view.name, event)}
        assert read <= view.types
        assert {kind.TOPIC for kind in view.types} == {view.topic}


def _says_something(view: str, event: object) -> bool:
    projected = VIEWS[view].project(event)  # type: ignore[arg-type]
    return bool(projected.ops or projected.pushes)
