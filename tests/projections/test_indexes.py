"""Tables that are there already get the indexes of a later version, while they are in use."""

import asyncio

import pytest
from psycopg import errors

from projections.indexes import LOCK, make_missing, named
from projections.queries.reading import Pool

_WHOLE = """
    SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE c.relnamespace = 'views'::regnamespace AND i.indisvalid AND NOT i.indisprimary
"""
WRITES = """
    INSERT INTO views.questions (question_id, asker_id, created_at, updated_at)
    SELECT gen_random_uuid(), gen_random_uuid(), now(), now() FROM generate_series(1, %s)
"""


async def whole(pool: Pool) -> set[str]:
    async with pool.connection() as connection:
        return {name for (name,) in await (await connection.execute(_WHOLE)).fetchall()}


async def test_new_tables_have_every_index_that_is_named(pool: Pool) -> None:
    assert named()
    assert await whole(pool) == set(named())
    assert await make_missing(pool) == []


async def test_an_index_that_a_table_lacks_is_made_while_somebody_writes(pool: Pool) -> None:
    async with pool.connection() as connection:
        await connection.execute("DROP INDEX views.questions_by_time")

    async with pool.connection() as writer:
        async with writer.transaction():
            await writer.execute(WRITES, (1,))
            making = asyncio.create_task(make_missing(pool))
            async with asyncio.timeout(60), pool.connection() as other:  # it waits for the writer alone
                while not await _being_made(pool):
                    await asyncio.sleep(0.01)
                await other.execute("SET lock_timeout = '30s'")
                await other.execute(WRITES, (1,))
            assert not making.done()
        made = await asyncio.wait_for(making, 60)

    assert made == ["questions_by_time"]
    assert await whole(pool) == set(named())


async def _being_made(pool: Pool) -> bool:
    async with pool.connection() as connection:
        found = await connection.execute("SELECT 1 FROM pg_stat_progress_create_index")
        return await found.fetchone() is not None


async def test_an_index_whose_making_was_broken_off_is_made_anew(pool: Pool) -> None:
    async with pool.connection() as connection:
        await connection.execute("DROP INDEX views.questions_by_time")
        await connection.execute(WRITES, (2,))
        with pytest.raises(errors.UniqueViolation):  # which leaves half an index behind, like a kill
            await connection.execute(
                "CREATE UNIQUE INDEX CONCURRENTLY questions_by_time ON views.questions ((version IS NULL))"
            )

    made = await make_missing(pool)

    assert made == ["questions_by_time"]
    assert await whole(pool) == set(named())


async def test_only_one_process_makes_indexes(pool: Pool) -> None:
    async with pool.connection() as connection:
        await connection.execute("DROP INDEX views.questions_by_time")
        await connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        try:
            assert await make_missing(pool) == []
        finally:
            await connection.execute("SELECT pg_advisory_unlock(%s)", (LOCK,))

    assert await make_missing(pool) == ["questions_by_time"]
