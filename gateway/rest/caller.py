"""Who calls, and what every call may need: the dependencies that routers declare."""

import time
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.responses import Response

from gateway.rest.problems import Problem
from gateway.services import Services
from gateway.tokens import Claims
from infra.ids import new_id
from schemas.commands import Command
from schemas.envelope import Outcome
from schemas.ids import client_command
from schemas.trace import read_request_id, read_traceparent

_bearer = HTTPBearer(auto_error=False)


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


The = Annotated[Services, Depends(_services)]
"""The services of this process."""


def _claims(
    services: The, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Claims:
    if credentials is None:
        raise Problem("unauthenticated", "an access token is needed")
    return services.tokens.read(credentials.credentials, time.time())


class Caller:
    """The person who calls."""

    def __init__(
        self,
        services: The,
        claims: Annotated[Claims, Depends(_claims)],
        idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
        traceparent: Annotated[str | None, Header()] = None,
        x_request_id: Annotated[str | None, Header()] = None,
    ) -> None:
        self._services = services
        self.claims = claims
        self.id: UUID = claims.user_id
        self.keyed = idempotency_key is not None
        self.command_id = client_command(self.id, idempotency_key) if idempotency_key else new_id()
        """From the `Idempotency-Key`, so that the same call again gets the first answer."""
        self._trace = read_traceparent(traceparent)
        self._request = read_request_id(x_request_id)

    async def execute(self, command: Command, command_id: UUID | None = None) -> Outcome:
        """Carry out `command`."""
        return await self._services.executor.execute(
            self.id, command, command_id or self.command_id, self._trace, self._request
        )

    async def sees_own_writes(self) -> None:
        """Return once the views hold what the caller wrote, or it takes too long."""
        await self._services.writes.visible(self.id)


Me = Annotated[Caller, Depends()]


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else "unknown"


Address = Annotated[str, Depends(_address)]
"""Where the call comes from."""


def answer(data: Any, status: int = 200) -> Response:
    """`data`, which is JSON already in all but its encoding."""
    return Response(orjson.dumps(data), status, media_type="application/json")


def written(outcome: Outcome, status: int = 200) -> Response:
    """What a write is answered, with its position."""
    return answer({**outcome.result, "position": outcome.position}, status)
