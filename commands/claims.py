"""Credentials inside an append: usernames and e-mails are one person's each, and go with the key when they are erased.

Every writer holds the lock of the append, so what was looked up stays so; `ON CONFLICT` keeps a surprise from
breaking the commands of others.
"""

from datetime import datetime
from uuid import UUID

from commands.store import Rows

_TAKEN = """
    SELECT username = %(username)s FROM store.credentials WHERE username = %(username)s
    UNION ALL
    SELECT false FROM store.credentials WHERE email = %(email)s
"""
_KEEP = """
    INSERT INTO store.credentials (user_id, username, email, password_hash, created_at)
    VALUES (%(user)s, %(username)s, %(email)s, %(hash)s, %(at)s) ON CONFLICT DO NOTHING RETURNING user_id
"""
_CHANGE = """
    UPDATE store.credentials SET email = %(email)s
    WHERE user_id = %(user)s
        AND NOT EXISTS (SELECT FROM store.credentials WHERE email = %(email)s AND user_id <> %(user)s)
    RETURNING user_id
"""

_ERASE = """
    WITH noted AS (
        INSERT INTO store.erased_persons (user_id, at) VALUES (%(user)s, %(at)s) ON CONFLICT DO NOTHING
    ), keyless AS (
        DELETE FROM store.person_keys WHERE user_id = %(user)s
    ), signed_out AS (
        DELETE FROM store.refresh_tokens WHERE user_id = %(user)s
    ), untold AS (
        DELETE FROM store.notification_choices WHERE user_id = %(user)s
    ), unpushed AS (
        DELETE FROM store.push_subscriptions WHERE user_id = %(user)s
    )
    DELETE FROM store.credentials WHERE user_id = %(user)s
"""


def claim(
    cursor: Rows, user_id: UUID, username: str, email: str, password_hash: str, at: datetime
) -> str | None:
    """Keep the credentials of a new account, or say which field is taken."""
    values = {"user": user_id, "username": username, "email": email, "hash": password_hash, "at": at}
    cursor.execute(_KEEP, values, prepare=True)
    if cursor.fetchone() is not None:
        return None
    cursor.execute(_TAKEN, values, prepare=True)
    row = cursor.fetchone()
    if row is None:
        return "userId"
    return "username" if row[0] else "email"


def change_email(cursor: Rows, user_id: UUID, email: str) -> bool:
    """Change an e-mail; false if it is another's, or there is no such account."""
    cursor.execute(_CHANGE, {"user": user_id, "email": email}, prepare=True)
    return cursor.fetchone() is not None


def erase(cursor: Rows, user_id: UUID, at: datetime) -> None:
    """Delete a person's key, credentials and sessions, and note that no key is ever made for them again."""
    cursor.execute(_ERASE, {"user": user_id, "at": at})
