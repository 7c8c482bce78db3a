"""Forgetting a person: what still waits for them is ended first, so that nobody waits for someone who is gone.

Who is forgotten, or signs out, has no open socket of that sign-in left at any gateway.
"""

from uuid import UUID, uuid5

from redis.asyncio import Redis

from gateway.executor import Executor
from gateway.fanout import SIGNED_OUT
from infra.push import Heard, publish
from projections.queries.leaving import OpenMatters
from schemas.commands.account import EraseAccount
from schemas.port import Refused


async def forget(executor: Executor, user_id: UUID, matters: OpenMatters, command_id: UUID) -> None:
    """End `matters` and erase the account. The same again, after a failure, goes on where it stopped."""
    for command, about in matters.farewells():
        try:
            await executor.execute(user_id, command, uuid5(command_id, f"{command.NAME}:{about}"))
        except Refused:
            continue  # It ended by itself meanwhile.
    await executor.execute(user_id, EraseAccount(), command_id)


async def end_sockets(redis: Redis, user_id: UUID, sign_in: UUID | None = None) -> None:
    """Close every socket of this person, or of one sign-in of theirs, at every gateway: at once, or when a gateway that
    Redis did not tell looks for itself (`gateway.sign_ins`)."""
    said = {
        "type": SIGNED_OUT,
        "data": {"userId": str(user_id), "signIn": None if sign_in is None else str(sign_in)},
    }
    await publish(redis, [Heard("user", user_id, 0, said)], [])
