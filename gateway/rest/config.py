"""What a client needs to know before it signs in."""

import asyncio
from importlib.metadata import version
from typing import get_args
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from psycopg import Error as DatabaseError
from starlette.responses import Response

from gateway.rest.caller import The, answer
from gateway.services import Services
from infra.demo.people import ASKERS
from infra.settings import Settings
from infra.vapid import public_key
from projections.queries.archive import is_demo
from schemas.base import Urgency
from schemas.wire.rest import ConfigSaid, LimitsSaid

router = APIRouter(tags=["config"])

GUEST = ASKERS[0]
"""Whom the page names to those who look around."""
LOOKED_SECONDS = 1.0
"""Without its stores a gateway still says the rest."""


@router.get("/config", response_model=ConfigSaid)
async def config(request: Request, the: The) -> Response:
    """Where the WebSocket is, which limits hold, which version this is."""
    settings = the.settings
    said = ConfigSaid(
        ws_url=ws_url(settings, request.url.scheme, request.headers.get("host", "")),
        limits=LimitsSaid(
            messages=settings.limit_messages,
            frames=settings.limit_frames,
            questions=settings.limit_questions,
            logins=settings.limit_logins,
            registrations=settings.limit_registrations,
            sockets=settings.limit_sockets,
            files=settings.limit_files,
            frame_bytes=settings.frame_bytes,
            file_bytes=settings.file_bytes,
        ),
        seats=settings.acceptances,
        reply_seconds={
            urgency: settings.offer_lifetime(urgency).total_seconds() for urgency in get_args(Urgency)
        },
        version=version("yeongyeori"),
        push_key=public_key(settings),
        drafts=bool(settings.llm_url),
        mails=bool(settings.smtp_url.get_secret_value()),
        demo=await _demo(the),
    )
    return answer(said.model_dump(mode="json", by_alias=True))


async def _demo(the: Services) -> str:
    try:
        async with asyncio.timeout(LOOKED_SECONDS):
            return GUEST.username if await is_demo(the.pool, GUEST.user_id) else ""
    except (DatabaseError, TimeoutError):
        return ""


def ws_url(settings: Settings, scheme: str, host: str) -> str:
    """The setting, or the host that was asked with the WebSocket's port."""
    if settings.ws_url:
        return settings.ws_url
    name = urlsplit(f"//{host}").hostname or settings.ws_host
    shown = f"[{name}]" if ":" in name else name
    return f"{'wss' if scheme == 'https' else 'ws'}://{shown}:{settings.ws_port}"
