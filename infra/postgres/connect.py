"""How every process connects to PostgreSQL: a pool that comes back by itself, named so that an operator sees whose."""

import select
from typing import Any

import orjson
from psycopg import AsyncConnection
from psycopg.types.json import set_json_loads
from psycopg_pool import AsyncConnectionPool

set_json_loads(orjson.loads)  # of this process: four times as fast as the standing one


async def _check(connection: AsyncConnection[Any]) -> None:
    """Raise if the connection is dead. Of one whose server is there nothing is to be heard, and that costs no exchange:
    only where something is, an end perhaps, is the server asked."""
    quiet = select.poll()
    quiet.register(connection.fileno(), select.POLLIN)
    if quiet.poll(0):
        await AsyncConnectionPool.check_connection(connection)


def pool(
    url: str, name: str, *, least: int = 1, most: int = 8, checked: bool = True
) -> AsyncConnectionPool[AsyncConnection]:
    """A closed pool of autocommit connections; `await pool.open()` or `async with` it.

    If `checked`, a connection that heard anything while nobody used it is tried before it is handed out, so that one that
    died with a restarted server is never given. Who starts afresh after any failure can do without. A server that says
    nothing any more, since the network between is cut, is given up after about 10 s.
    Waiting for one raises `psycopg_pool.PoolTimeout` after 10 s.
    """
    return AsyncConnectionPool(
        url,
        min_size=least,
        max_size=most,
        open=False,
        name=name,
        timeout=10,
        check=_check if checked else None,
        kwargs={
            "application_name": f"yeon-{name}",
            "autocommit": True,
            "connect_timeout": 5,
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": 10_000,
        },
    )
