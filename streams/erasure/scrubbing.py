"""Overwrites what PostgreSQL still has on its disk of rows that were deleted or changed: words, names, keys.

A deleted row's bytes stay in its page until others are written over them, and in the write-ahead log until its file
is. So every table that holds words or keys is written anew, and then every file of the log. Needs the rights of a
superuser. Copies elsewhere (archived log, replicas, snapshots of the disk) are not reached.
"""

from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql
from psycopg.errors import InsufficientPrivilege

SEALED = ("stored_events", "command_outcomes")
"""Only ever added to, and holding words only under keys: not written anew, however large."""

_TABLES = """
    SELECT schemaname, tablename FROM pg_tables
    WHERE schemaname IN ('store', 'ops', 'views') AND NOT (schemaname = 'store' AND tablename = ANY(%s)) ORDER BY 1, 2
"""
_ALL_RIGHTS = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
_LOG_FILES = "SELECT count(*) FROM pg_ls_waldir()"
_NEXT_LOG_FILE = "SELECT pg_logical_emit_message(false, 'yeon', ''), pg_switch_wal()"


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """How many tables were written anew, and how many files of the write-ahead log."""

    tables: int
    log_files: int


def scrub(connection: Connection[Any]) -> Scrubbed:
    """Write tables and log anew, on a connection in autocommit; each table is closed to others for as long as it takes.

    Raises psycopg.errors.InsufficientPrivilege, before anything is done, or whatever else PostgreSQL refuses.
    """
    if connection.execute(_ALL_RIGHTS).fetchone() != (True,):
        # Of tables that are not its own, VACUUM would only warn, and leave them as they are.
        raise InsufficientPrivilege("only a superuser can have tables and the write-ahead log written anew")
    files = _log_files(connection)
    tables = connection.execute(_TABLES, (list(SEALED),)).fetchall()
    for schema, table in [*tables, ("pg_catalog", "pg_statistic")]:
        statement = sql.SQL("VACUUM (FULL, ANALYZE) {}").format(sql.Identifier(schema, table))
        connection.execute(statement)
    # From here on the log begins with a file in which nothing of before stands; those before are only kept to be
    # written over, which is done at once.
    connection.execute("SELECT pg_switch_wal()")
    connection.execute("CHECKPOINT")
    files = max(files, _log_files(connection)) + 1
    for _ in range(files):
        connection.execute(_NEXT_LOG_FILE)
    connection.execute("CHECKPOINT")
    return Scrubbed(len(tables), files)


def _log_files(connection: Connection[Any]) -> int:
    row = connection.execute(_LOG_FILES).fetchone()
    assert row is not None
    return int(row[0])
