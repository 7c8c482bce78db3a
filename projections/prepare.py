"""Makes the tables of the views and their tracking rows where they are missing."""

from psycopg import sql

from projections.catalogue import VIEWS
from projections.queries.reading import Pool
from projections.tables import LIVE, TABLES, ddl
from schemas.topics import TOPICS

LOCK = 0x7965_6F6E_0004
"""The advisory lock under which the tables are made, so that roles may start at the same time."""

_PRESENT = "SELECT count(*) FROM pg_tables WHERE schemaname = %s AND tablename = ANY(%s)"
_BEGIN = """
    INSERT INTO ops.tracking (consumer, topic, partition, position)
    SELECT consumer, topic, partition, 0
    FROM unnest(%s::text[], %s::text[], %s::int[]) AS w (consumer, topic, partition)
    ON CONFLICT DO NOTHING
"""


async def prepare(pool: Pool) -> None:
    """Safe to repeat, also while the views are in use; needs the tables of `infra.postgres`."""
    wanted = [
        (view.consumer, view.topic, partition)
        for view in VIEWS.values()
        for partition in range(TOPICS[view.topic].partitions)
    ]
    async with pool.connection() as connection, connection.transaction():
        await connection.execute(sql.SQL("SELECT pg_advisory_xact_lock({})").format(sql.Literal(LOCK)))
        present = await (await connection.execute(_PRESENT, (LIVE, list(TABLES)))).fetchone()
        if present is None or present[0] < len(TABLES):  # `indexes` makes what tables lack
            await connection.execute(ddl(LIVE))
        await connection.execute(_BEGIN, [list(column) for column in zip(*wanted, strict=True)])
