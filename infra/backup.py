"""`yeon backup` and `yeon restore`: the precious tables as of one moment, in one file; each person's key in another.

Both are zip files of PostgreSQL's own text form of each table (COPY). Keys are kept apart, so that copies of them can be
deleted sooner: without its key a person's words in an old backup cannot be read. A restore brings no key back to
whoever the database that it restores into has forgotten since.
"""

import json
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection, sql

from infra.postgres import prepare

FORM = 1
SECRETS = ("person_keys", "webhook_secrets")
"""What is kept apart."""
ERASED = "erased_persons"
SHORTCUTS = frozenset({"snapshots"})
"""Tables that are only shortcuts, and are left out."""

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'store' ORDER BY 1"
_COLUMNS = """
    SELECT column_name FROM information_schema.columns
    WHERE table_schema = 'store' AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position
"""


class BackupRefused(Exception):
    """The message is a sentence for a person."""


def backup(url: str, file: Path, keys: Path) -> dict[str, Any]:
    """Write the store to `file` and the keys to `keys`, both as of one moment, while appends go on.

    Returns what is in the file. Raises `BackupRefused` if a file is there already, or psycopg.Error.
    """
    for path in (file, keys):
        if path.exists():
            raise BackupRefused(f"{path} is there already; a backup overwrites nothing.")
    with psycopg.connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        names = [name for (name,) in connection.execute(_TABLES) if name not in SHORTCUTS]
        row = connection.execute("SELECT position FROM store.log_head").fetchone()
        said = {
            "form": FORM,
            "position": row[0] if row else 0,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "tables": {
                name: [column for (column,) in connection.execute(_COLUMNS, (name,))] for name in names
            },
        }
        _write(connection, keys, said, SECRETS)
        _write(connection, file, said, [name for name in names if name not in SECRETS])
    return said


def restore(url: str, file: Path, keys: Path, *, replace: bool) -> dict[str, Any]:
    """Make the store what `file` holds, in one transaction. Returns what is in the file.

    Raises `BackupRefused` if the files do not belong together, or the store holds events and `replace` is false.
    """
    said, of_keys = _manifest(file), _manifest(keys)
    if said != of_keys:
        raise BackupRefused(f"{keys} was not made together with {file}.")
    prepare(url)
    with psycopg.connect(url) as connection:
        connection.execute("LOCK TABLE store.stored_events IN ACCESS EXCLUSIVE MODE")
        row = connection.execute("SELECT position FROM store.log_head").fetchone()
        if row and row[0] and not replace:
            raise BackupRefused(f"The store holds {row[0]} events; --replace gives them up for the backup's.")
        forgotten = connection.execute("SELECT user_id, at FROM store.erased_persons").fetchall()
        for (name,) in connection.execute(_TABLES).fetchall():
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier("store", name)))
        for path in (keys, file):
            _read(connection, path, said["tables"])
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO store.erased_persons (user_id, at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                forgotten,
            )
        connection.execute(
            "DELETE FROM store.person_keys WHERE user_id IN (SELECT user_id FROM store.erased_persons)"
        )
        # Files are removed again from the first event on, whatever this database has removed before.
        connection.execute("DELETE FROM ops.files_removed")
    return said


def _write(connection: Connection[Any], path: Path, said: dict[str, Any], names: Sequence[str]) -> None:
    with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        path.chmod(0o600)
        archive.writestr("manifest.json", json.dumps(said, indent=2))
        for name in names:
            statement = sql.SQL("COPY {} ({}) TO STDOUT").format(
                sql.Identifier("store", name), _list(said["tables"][name])
            )
            with (
                archive.open(name, "w", force_zip64=True) as entry,
                connection.cursor() as cursor,
                cursor.copy(statement) as copy,
            ):
                for piece in copy:
                    entry.write(piece)


def _read(connection: Connection[Any], path: Path, columns: dict[str, list[str]]) -> None:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name not in columns:
                continue
            statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
                sql.Identifier("store", name), _list(columns[name])
            )
            with (
                archive.open(name) as entry,
                connection.cursor() as cursor,
                cursor.copy(statement) as copy,
            ):
                while piece := entry.read(1 << 20):
                    copy.write(piece)


def _manifest(path: Path) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            said: dict[str, Any] = json.loads(archive.read("manifest.json"))
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise BackupRefused(f"{path} is no backup: {error}") from error
    if said["form"] != FORM:
        raise BackupRefused(f"{path} has the form {said['form']}, which this program does not know.")
    return said


def _list(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(column) for column in columns)
