"""Connections to PostgreSQL: one that died while nobody used it is never given out."""

from infra.postgres import pool


async def test_a_connection_that_died_meanwhile_is_not_given_out(module_database: str) -> None:
    # given a pool with one connection, which has served
    async with pool(module_database, "victim", most=1) as victims, pool(module_database, "killer") as killers:
        async with victims.connection() as connection:
            dead = connection.info.backend_pid

        # when its server's process ends
        async with killers.connection() as killer:
            await killer.execute("SELECT pg_terminate_backend(%s, 5000)", (dead,))

        # then the next one to ask gets another, that works
        async with victims.connection() as connection:
            assert connection.info.backend_pid != dead
            assert await (await connection.execute("SELECT 1")).fetchone() == (1,)
