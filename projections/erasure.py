"""Clears the views of the words and the name of a person who was erased.

Without that person's key a rebuild reads empty texts; clearing live views leaves exactly what a rebuild would make.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from projections.frames import forgotten

_WORDS = (
    "UPDATE views.candidates SET display_name = '' WHERE expert_id = %s AND display_name <> ''",
    "UPDATE views.offers SET display_name = '' WHERE expert_id = %s AND display_name <> ''",
    "UPDATE views.questions SET asker_name = '', content = '', category = NULL WHERE asker_id = %s",
    # What is null stays so: an item that is no message has no words.
    "UPDATE views.room_items SET user_name = left(user_name, 0), content = left(content, 0),"
    " client_msg_id = left(client_msg_id, 0) WHERE user_id = %s",
    "UPDATE views.room_members SET user_name = '' WHERE user_id = %s AND user_name <> ''",
)
_TOLD = "SELECT user_id, inbox_seq, data FROM views.inbox WHERE strpos(data::text, %s) > 0 FOR UPDATE"
_TELL = "UPDATE views.inbox SET data = %s WHERE user_id = %s AND inbox_seq = %s"

_PENDING = """
    SELECT erased.user_id, event.notification_id
    FROM store.erased_persons AS erased JOIN store.stored_events AS event ON event.originator_id = erased.user_id
    WHERE erased.cleared_at IS NULL AND event.topic = 'yeon.account.erased.v1'
    ORDER BY event.notification_id
"""
_UNSAID = """
    SELECT user_id FROM store.erased_persons AS erased
    WHERE cleared_at IS NULL
        AND EXISTS (SELECT FROM store.stored_events WHERE originator_id = user_id)
        AND NOT EXISTS (
            SELECT FROM store.stored_events WHERE originator_id = user_id AND topic = 'yeon.account.erased.v1'
        )
    ORDER BY at, user_id
"""
_BEHIND = """
    SELECT (SELECT position FROM ops.relay_head) < %(position)s OR EXISTS (
        SELECT FROM ops.relay_checkpoints AS published
        CROSS JOIN (SELECT DISTINCT consumer, topic FROM ops.tracking WHERE consumer LIKE 'view:%%') AS view
        LEFT JOIN ops.tracking AS seen
            ON (seen.consumer, seen.topic, seen.partition) = (view.consumer, view.topic, published.partition)
        WHERE published.topic = view.topic AND coalesce(seen.position, 0) < least(published.position, %(position)s)
    )
"""
_CLEARED = "UPDATE store.erased_persons SET cleared_at = clock_timestamp() WHERE user_id = ANY(%s)"


@dataclass(frozen=True, slots=True)
class Erasure:
    """A person who was erased by the event at `position`, and of whom the views may still hold something."""

    user_id: UUID
    position: int


async def pending(connection: AsyncConnection[Any]) -> list[Erasure]:
    """Whose words the views may still hold, in the order of their erasure."""
    return [Erasure(*row) for row in await (await connection.execute(_PENDING)).fetchall()]


async def unsaid(connection: AsyncConnection[Any]) -> list[UUID]:
    """Who was erased, and of whom the log does not say it: it is an older one, restored."""
    return [user_id for (user_id,) in await (await connection.execute(_UNSAID)).fetchall()]


async def clear(connection: AsyncConnection[Any], user_id: UUID) -> None:
    """Empty the words and the name of a person in every view, in the transaction that `connection` is in."""
    for statement in _WORDS:
        await connection.execute(statement.encode(), (user_id,))
    told = await (await connection.execute(_TOLD, (str(user_id),))).fetchall()
    for to, number, data in told:
        await connection.execute(_TELL, (Jsonb(forgotten(data, str(user_id))), to, number))


async def has_passed(connection: AsyncConnection[Any], position: int) -> bool:
    """Whether everything up to `position` is published and in every view: nothing older can come any more."""
    row = await (await connection.execute(_BEHIND, {"position": position})).fetchone()
    return row is not None and not row[0]


async def settle(connection: AsyncConnection[Any], user_ids: Sequence[UUID]) -> None:
    """Note that nothing of these persons is left in the views."""
    await connection.execute(_CLEARED, (list(user_ids),))
