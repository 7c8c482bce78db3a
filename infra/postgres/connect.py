"""How every process connects to PostgreSQL: a pool that comes back by itself, named so that an operator sees whose."""

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool


def pool(
    url: str, name: str, *, least: int = 1, most: int = 8, checked: bool = True
) -> AsyncConnectionPool[AsyncConnection]:
    """A closed pool of autocommit connections; `await pool.open()` or `async with` it.

    If `checked`, a connection is tried when it is handed out, so that one that died with a restarted server is never
    given. That costs an exchange each time; who starts afresh after any failure can do without. A server that says
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
        check=AsyncConnectionPool.check_connection if checked else None,
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
