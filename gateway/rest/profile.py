"""One's own account."""

from fastapi import APIRouter
from starlette.responses import Response

from gateway.leaving import end_sockets, forget
from gateway.rest.caller import Me, The, answer
from projections.queries.leaving import open_matters
from schemas.commands.account import ChangeProfile
from schemas.wire.accounts import ProfileBody, UserSaid

router = APIRouter(prefix="/users", tags=["users"])


@router.get("/profile", response_model=UserSaid)
async def profile(me: Me, the: The) -> Response:
    """Oneself."""
    return answer(await the.accounts.user(me.id))


@router.put("/profile", response_model=UserSaid)
async def change_profile(body: ProfileBody, me: Me, the: The) -> Response:
    """Change the name one is shown by, the e-mail or the role; absent fields stay."""
    command = ChangeProfile(display_name=body.display_name, email=body.email, role=body.role)
    outcome = await me.execute(command)
    return answer({**await the.accounts.user(me.id), "position": outcome.position})


@router.delete("/profile", status_code=204)
async def erase(me: Me, the: The) -> Response:
    """Be forgotten, for good: one's words and name become unreadable at once, and are cleared everywhere they can be."""
    await me.sees_own_writes()
    await forget(the.executor, me.id, await open_matters(the.pool, me.id), me.command_id)
    await end_sockets(the.redis, me.id)
    return Response(status_code=204)
