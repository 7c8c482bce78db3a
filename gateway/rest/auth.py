"""Signing up, in and out."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from gateway.accounts import SignInEnded
from gateway.leaving import end_sockets
from gateway.rest.caller import Address, Me, The, answer
from gateway.rest.problems import Problem
from infra.notifications import Notifications
from schemas.wire.accounts import LoginBody, LogoutBody, RefreshBody, RegisterBody, SessionsSaid, TokensSaid

router = APIRouter(prefix="/auth", tags=["auth"])


@router.post("/register", status_code=201, response_model=TokensSaid)
async def register(body: RegisterBody, the: The, address: Address) -> Response:
    """Make an account."""
    return answer((await the.accounts.register(body, address)).answer, 201)


@router.post("/login", response_model=TokensSaid)
async def login(body: LoginBody, the: The, address: Address) -> Response:
    """Sign in."""
    return answer((await the.accounts.login(body.username, body.password, address)).answer)


@router.post("/refresh", response_model=TokensSaid)
async def refresh(body: RefreshBody, the: The) -> Response:
    """Exchange a refresh token for a new pair. Each works once; reuse ends the family, and its open sockets."""
    try:
        signed = await the.accounts.refresh(body.refresh_token)
    except SignInEnded as ended:
        await end_sockets(the.redis, ended.user_id, ended.family)
        raise
    return answer(signed.answer)


@router.post("/sessions", response_model=SessionsSaid)
async def sessions(me: Me, the: The, body: LogoutBody | None = None) -> Response:
    """Where one is signed in. The refresh token, if given, says which of them is this one; no token goes into an address."""
    found = await the.accounts.sessions(me.id, body.refresh_token if body is not None else None)
    return answer({"items": found})


@router.delete("/sessions/{session_id}", status_code=204)
async def end_session(session_id: UUID, me: Me, the: The) -> None:
    """End one of them: its open sockets close at once, and it is not renewed any more."""
    if not await the.accounts.end_session(me.id, session_id):
        raise Problem("not_found", "you are not signed in there")
    await end_sockets(the.redis, me.id, session_id)


@router.post("/logout", status_code=204)
async def logout(me: Me, the: The, body: LogoutBody | None = None) -> None:
    """End the family of this refresh token; without one, every family of the caller, and no browser of theirs is pushed
    to any more. Its open sockets close at once."""
    token = body.refresh_token if body is not None else None
    ended = await the.accounts.logout(me.id, token)
    if token is None:
        await Notifications(the.pool).unsubscribe_all(me.id)
        await end_sockets(the.redis, me.id)
    else:
        for family in ended:
            await end_sockets(the.redis, me.id, family)
