"""Bodies are bounded while they are read, whatever their sender said of their length."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.rest.problems import problem

BODY_BYTES = 131_072
"""Twice the largest text of ours in UTF-8, escaped or not."""
TOO_LARGE = f"a body has at most {BODY_BYTES} bytes"


class Bounded:
    """ASGI middleware that answers 413 to a body of more than `BODY_BYTES`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > BODY_BYTES:
            await problem(413, "too_large", TOO_LARGE)(scope, receive, send)
            return
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > BODY_BYTES:
                raise HTTPException(413, TOO_LARGE)
            return message

        await self._app(scope, bounded, send)
