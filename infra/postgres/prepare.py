"""Makes the tables that are not a library's or a view's: `store.sql` and `ops.sql`, as often as one likes."""

from importlib.resources import files

import psycopg

LOCK = 0x7965_6F6E_0001
"""The advisory lock under which tables are made, so that roles may start at the same time."""


def prepare(url: str) -> None:
    """Applies both files in one transaction. Safe to repeat, and to run from several processes at once."""
    with psycopg.connect(url, connect_timeout=5) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        for name in ("store.sql", "ops.sql"):
            connection.execute(files("infra.postgres").joinpath(name).read_bytes())
