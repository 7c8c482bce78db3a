"""The keys' own backup, apart from that of the database and kept for a bounded time, so that erasures outlive restores.

A backup of the database leaves the keys out. Who restores one puts them back from here: those of everybody but the
persons whom any of these backups, the database or the log says were erased. Those are erased again.
"""

import os
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from psycopg import Connection

PATTERN = "keys-*.json"
_STAMP = "%Y%m%dT%H%M%SZ"

_KEYS = "SELECT user_id, key FROM store.person_keys ORDER BY user_id"
_ERASED = "SELECT user_id, at FROM store.erased_persons ORDER BY at, user_id"
_WEBHOOKS = "SELECT name, secret, retires_at FROM store.webhook_secrets ORDER BY name, secret"
_LOGGED = """
    INSERT INTO store.erased_persons (user_id, at)
    SELECT originator_id, now() FROM store.stored_events WHERE topic = 'yeon.account.erased.v1'
    ON CONFLICT DO NOTHING
"""
_AGAIN = (
    # Of who is not in the log nothing can come. All others are erased again by the workers, as the first time.
    "UPDATE store.erased_persons SET cleared_at = CASE WHEN EXISTS"
    " (SELECT FROM store.stored_events WHERE originator_id = user_id) THEN NULL ELSE now() END",
    "DELETE FROM store.person_keys WHERE user_id IN (SELECT user_id FROM store.erased_persons)",
    "DELETE FROM store.credentials WHERE user_id IN (SELECT user_id FROM store.erased_persons)",
    "DELETE FROM store.refresh_tokens WHERE user_id IN (SELECT user_id FROM store.erased_persons)",
    "DELETE FROM store.notification_choices WHERE user_id IN (SELECT user_id FROM store.erased_persons)",
    "DELETE FROM store.push_subscriptions WHERE user_id IN (SELECT user_id FROM store.erased_persons)",
)
_SIGNING = """
    INSERT INTO store.webhook_secrets (name, secret, retires_at)
    SELECT %s, %s, %s WHERE EXISTS (SELECT FROM store.webhook_endpoints WHERE name = %s) ON CONFLICT DO NOTHING
"""
_WITHOUT = """
    SELECT count(*) FROM store.stored_events AS account WHERE topic = 'yeon.account.registered.v1'
        AND NOT EXISTS (SELECT FROM store.person_keys WHERE user_id = account.originator_id)
        AND NOT EXISTS (SELECT FROM store.erased_persons WHERE user_id = account.originator_id)
"""
_PUT_BACK = """
    INSERT INTO store.person_keys (user_id, key)
    SELECT %(user)s, %(key)s WHERE NOT EXISTS (SELECT FROM store.erased_persons WHERE user_id = %(user)s)
    ON CONFLICT (user_id) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class PutBack:
    """Whose keys are back, who stays erased, and how many of the log have lost their key: nobody can read them now."""

    restored: int
    erased: int
    without: int


def back_up(connection: Connection[Any], directory: Path, at: datetime, keep: timedelta) -> Path:
    """Write every key, and who was erased, to a file that only its owner can read; files older than `keep` are removed."""
    keys = connection.execute(_KEYS).fetchall()
    erased = connection.execute(_ERASED).fetchall()
    webhooks = connection.execute(_WEBHOOKS).fetchall()
    content = {
        "keys": {str(user): b64encode(key).decode() for user, key in keys},
        "erased": {str(user): when.isoformat() for user, when in erased},
        "webhooks": [(name, b64encode(secret).decode(), retires) for name, secret, retires in webhooks],
    }
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / f"keys-{at.strftime(_STAMP)}.json"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(orjson.dumps(content))
        file.flush()
        os.fsync(file.fileno())
    for old in directory.glob(PATTERN):
        if old.stem < f"keys-{(at - keep).strftime(_STAMP)}":
            old.unlink()
    return path


def restore(connection: Connection[Any], directory: Path) -> PutBack:
    """Put keys back from the backups in `directory`, and erase again whoever was erased."""
    backups = [orjson.loads(path.read_bytes()) for path in sorted(directory.glob(PATTERN), reverse=True)]
    with connection.transaction():
        connection.execute(_LOGGED)
        for backup in backups:
            for user, when in backup["erased"].items():
                connection.execute(
                    "INSERT INTO store.erased_persons (user_id, at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                    (UUID(user), datetime.fromisoformat(when)),
                )
        for statement in _AGAIN:
            connection.execute(statement.encode())
        restored = 0
        for backup in backups:
            for user, key in backup["keys"].items():
                done = connection.execute(_PUT_BACK, {"user": UUID(user), "key": b64decode(key)})
                restored += done.rowcount
        for name, secret, retires in backups[0]["webhooks"] if backups else ():
            connection.execute(_SIGNING, (name, b64decode(secret), retires, name))
        return PutBack(
            restored,
            _count(connection, "SELECT count(*) FROM store.erased_persons"),
            _count(connection, _WITHOUT),
        )


def _count(connection: Connection[Any], statement: str) -> int:
    row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return int(row[0])
