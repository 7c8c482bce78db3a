"""What a client is told of an outcome, and of an error."""

import logging
from typing import Any

from psycopg import Error as DatabaseError

from gateway.frames import Failure
from gateway.limits import RateLimited
from gateway.sources import NotInRoom
from schemas.commands import Command
from schemas.commands.room import PostMessage
from schemas.envelope import Outcome
from schemas.port import Refused, Unavailable

RETRY_SECONDS = 1.0
log = logging.getLogger(__name__)


def acknowledged(command: Command, outcome: Outcome) -> dict[str, Any]:
    """What an `ack` carries. Of a message only its numbers: its words are in the `new_message`."""
    result = outcome.result
    if isinstance(command, PostMessage):
        result = {name: result[name] for name in ("roomId", "messageId", "seq")}
    return {"position": outcome.position, **result}


def failure_of(error: Exception) -> Failure:
    """What a client is told of an error."""
    match error:
        case Refused():
            return Failure(error.code, error.message, error.field)
        case RateLimited():
            return Failure("rate_limited", str(error), retry_after=error.retry_after)
        case NotInRoom():
            return Failure("forbidden", "no such room, or you are not in it", "roomId")
        case Unavailable() | DatabaseError() | OSError():
            log.warning("unavailable: %s", error)
        case _:
            log.error("a frame could not be carried out", exc_info=error)
    return Failure("unavailable", "not possible right now; send it again", retry_after=RETRY_SECONDS)
