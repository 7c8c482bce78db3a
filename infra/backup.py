"""`yeon backup` and `yeon restore`: the precious tables as of one moment, in one file; the keys in a directory apart.

The file is a zip of PostgreSQL's own text form of each table (COPY). Keys are kept apart (`infra.key_backup`), so that
copies of them can be deleted sooner: without its key a person's words in an old backup cannot be read. A restore brings
no key back to whoever was forgotten since, by what the database that it restores into or any backup of keys says.
"""

import json
import zipfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection, sql

from infra import key_backup
from infra.key_backup import PutBack
from infra.postgres import prepare

FORM = 2
APART = frozenset({"person_keys", "webhook_secrets"})
"""What `infra.key_backup` keeps."""
SHORTCUTS = frozenset({"snapshots"})
"""Tables that are only shortcuts, and are left out."""

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'store' ORDER BY 1"
_COLUMNS = """
    SELECT column_name FROM information_schema.columns
    WHERE table_schema = 'store' AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position
"""


class BackupRefused(Exception):
    """The message is a sentence for a person."""


def backup(url: str, file: Path, keys: Path, at: datetime, keep: timedelta) -> dict[str, Any]:
    """Write the store to `file` and the keys to a file in `keys`, both as of one moment, while appends go on.

    Backups of keys older than `keep` are removed. Returns what is in the file. Raises `BackupRefused` if the file is
    there already, or psycopg.Error.
    """
    if file.exists():
        raise BackupRefused(f"{file} is there already; a backup overwrites nothing.")
    if keys.exists() and not keys.is_dir():
        raise BackupRefused(f"{keys} is no directory; keys are kept in one of their own.")
    with psycopg.connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        left_out = SHORTCUTS | APART
        names = [name for (name,) in connection.execute(_TABLES) if name not in left_out]
        row = connection.execute("SELECT position FROM store.log_head").fetchone()
        said = {
            "form": FORM,
            "position": row[0] if row else 0,
            "at": at.isoformat(timespec="seconds"),
            "tables": {
                name: [column for (column,) in connection.execute(_COLUMNS, (name,))] for name in names
            },
        }
        key_backup.back_up(connection, keys, at, keep)
        _write(connection, file, said)
    return said


def restore(url: str, file: Path, keys: Path, *, replace: bool) -> tuple[dict[str, Any], PutBack]:
    """Make the store what `file` holds, with the keys in `keys`, in one transaction. Returns what is in the file, and
    what became of the keys.

    Raises `BackupRefused` if the keys are not of this store, or the store holds events and `replace` is false.
    """
    said = _manifest(file)
    prepare(url)
    with psycopg.connect(url) as connection:
        connection.execute("LOCK TABLE store.stored_events IN ACCESS EXCLUSIVE MODE")
        row = connection.execute("SELECT position FROM store.log_head").fetchone()
        if row and row[0] and not replace:
            raise BackupRefused(f"The store holds {row[0]} events; --replace gives them up for the backup's.")
        forgotten = connection.execute("SELECT user_id, at FROM store.erased_persons").fetchall()
        for (name,) in connection.execute(_TABLES).fetchall():
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier("store", name)))
        _read(connection, file, said["tables"])
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO store.erased_persons (user_id, at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                forgotten,
            )
        put_back = key_backup.restore(connection, keys)
        if put_back.without and not put_back.restored:
            raise BackupRefused(f"{keys} holds no key of anybody in {file}; nothing was changed.")
        # Files are removed again from the first event on, whatever this database has removed before.
        connection.execute("DELETE FROM ops.files_removed")
    return said, put_back


def _write(connection: Connection[Any], path: Path, said: dict[str, Any]) -> None:
    with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        path.chmod(0o600)
        archive.writestr("manifest.json", json.dumps(said, indent=2))
        for name in said["tables"]:
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
