"""How one is told while away, and the way out of all mail that works without signing in."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from gateway.rest.caller import Me, The, answer
from gateway.rest.problems import Problem
from gateway.services import Services
from infra.notifications import Choices, Notifications
from infra.push_services import may_push_to
from infra.secret import derived_key
from infra.unsubscribing import PURPOSE, BadOffToken, read_off_token
from infra.vapid import are_keys, public_key
from schemas.wire.notifications import (
    NotificationsBody,
    NotificationsSaid,
    PushEndpointBody,
    PushSubscriptionBody,
    PushSubscriptionSaid,
)

router = APIRouter(prefix="/users", tags=["users"])
way_out = APIRouter(include_in_schema=False)

_PAGE = """<!doctype html>
<html lang="ko"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>연결이</title>
<link rel="icon" href="../icon.svg" type="image/svg+xml"><link rel="stylesheet" href="../style/joined.css">
<link rel="stylesheet" href="../style/fonts.css"></head>
<body><div class="gate">
<header><span class="brand"><img src="../icon.svg" alt="" width="28" height="28">연결이</span></header>
<main>{}</main></div></body></html>
"""
_ASK = _PAGE.format(
    '<form class="card" method="post"><h1>메일을 그만 받을까요?</h1><p lang="en">Stop these mails?</p>'
    '<button class="primary">그만 받기 · Stop</button></form>'
)
_DONE = _PAGE.format(
    '<div class="card"><h1>이제 메일을 보내지 않을게요.</h1><p lang="en">No more mails will come.</p>'
    '<p class="hint">내 정보의 알림에서 다시 켤 수 있어요. ·'
    ' <span lang="en">Your profile has a switch to turn them on again.</span></p></div>'
)


@router.get("/notifications", response_model=NotificationsSaid)
async def notifications(me: Me, the: The) -> Response:
    """How one is told."""
    return _said(await Notifications(the.pool).choices(me.id))


@router.put("/notifications", response_model=NotificationsSaid)
async def choose(body: NotificationsBody, me: Me, the: The) -> Response:
    """Change how one is told; absent fields stay, and both quiet hours as null end them."""
    quiet = {"quiet_from", "quiet_to"}
    given = {
        name: getattr(body, name)
        for name in body.model_fields_set
        if name in quiet or getattr(body, name) is not None
    }
    return _said(await Notifications(the.pool).choose(me.id, **given))


@router.post("/push-subscriptions", status_code=201, response_model=PushSubscriptionSaid)
async def subscribe(body: PushSubscriptionBody, me: Me, the: The) -> Response:
    """Be pushed to in this browser; of the oldest beyond ten nothing is kept."""
    if not public_key(the.settings):
        raise Problem("conflict", "nobody is pushed to here: YEON_PUSH_CONTACT is not set")
    if not may_push_to(body.endpoint, the.settings.push_hosts.split()):
        raise Problem("invalid", "not at a push service that is written to here", field="endpoint")
    if not are_keys(body.keys.p256dh, body.keys.auth):
        raise Problem("invalid", "not the keys of a browser", field="keys")
    made = await Notifications(the.pool).subscribe(me.id, body.endpoint, body.keys.p256dh, body.keys.auth)
    return answer({"id": str(made)}, 201)


@router.delete("/push-subscriptions", status_code=204)
async def unsubscribe(body: PushEndpointBody, me: Me, the: The) -> Response:
    """Be pushed to in this browser no more."""
    await Notifications(the.pool).unsubscribe(me.id, body.endpoint)
    return Response(status_code=204)


@way_out.get("/mail-off/{token}")
async def ask(token: str, the: The) -> Response:
    """Ask first: programs that look through mails follow links too."""
    _whose(token, the)
    return HTMLResponse(_ASK)


@way_out.post("/mail-off/{token}")
async def mail_off(token: str, the: The) -> Response:
    """No mail any more, with one press (RFC 8058)."""
    await Notifications(the.pool).mail_off(_whose(token, the))
    return HTMLResponse(_DONE)


def _whose(token: str, the: Services) -> UUID:
    try:
        return read_off_token(token, derived_key(the.settings, PURPOSE))
    except BadOffToken as error:
        raise Problem("not_found", str(error)) from error


def _said(choices: Choices) -> Response:
    said = NotificationsSaid.model_validate(choices, from_attributes=True)
    return answer(said.model_dump(mode="json", by_alias=True))
