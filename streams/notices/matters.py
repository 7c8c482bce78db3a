"""Looks in the views what is left of a notice when its time has come: the matter as it is now, or nothing to tell."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from projections.queries import notices as views
from streams.notices.notice import MOST_LINES, Line, Matter
from streams.notices.queue import Pool, Waiting
from streams.notices.tidings import Kind


async def matter(pool: Pool, one: Waiting, now: datetime) -> Matter | None:
    """What `one` tells of; None if it is over, or was noticed meanwhile."""
    return await _LOOK[one.kind](pool, one, now)


async def _offer(pool: Pool, one: Waiting, now: datetime) -> Matter | None:
    offer = await views.open_offer(pool, one.about, one.user_id)
    if offer is None or offer.expires_at <= now:
        return None
    lines = (Line(offer.name, offer.content),)
    return Matter("offer", one.about, "offers", offer.name, lines=lines, expires_at=offer.expires_at)


async def _question(pool: Pool, one: Waiting, status: str) -> Matter | None:
    asked = await views.own_question(pool, one.about, one.user_id)
    if asked is None or asked.status != status:
        return None
    path = f"questions/{one.about}" if asked.room_id is None else f"rooms/{asked.room_id}"
    return Matter(one.kind, one.about, path, count=asked.asked)


async def _matched(pool: Pool, one: Waiting, now: datetime) -> Matter | None:
    return await _question(pool, one, "matched")


async def _accepted(pool: Pool, one: Waiting, now: datetime) -> Matter | None:
    return await _question(pool, one, "in_progress")


async def _unmatched(pool: Pool, one: Waiting, now: datetime) -> Matter | None:
    return await _question(pool, one, "unmatched")


async def _invited(pool: Pool, one: Waiting, now: datetime) -> Matter | None:
    read = await views.has_read(pool, one.about, one.user_id)
    return Matter("invited", one.about, _room(one.about)) if read is False else None


async def _message(pool: Pool, one: Waiting, now: datetime) -> Matter | None:
    found = await views.unread(pool, one.about, one.user_id, MOST_LINES)
    if not found or found[-1].seq <= one.told_seq:
        return None
    latest = found[-1]
    lines = tuple(Line(message.name, message.words) for message in found if message.words)
    return Matter("message", one.about, _room(one.about), latest.name, latest.total, latest.seq, lines)


def _room(room_id: UUID) -> str:
    return f"rooms/{room_id}"


_LOOK: dict[Kind, Callable[[Pool, Waiting, datetime], Awaitable[Matter | None]]] = {
    "offer": _offer,
    "matched": _matched,
    "accepted": _accepted,
    "unmatched": _unmatched,
    "invited": _invited,
    "message": _message,
}
