"""Bodies are bounded while they are read, whatever their sender said of their length."""

import re

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.rest.problems import problem

BODY_BYTES = 131_072
"""Twice the largest text of ours in UTF-8, escaped or not."""
AROUND_FILE_BYTES = 8_192
"""What a multipart body holds beside its file."""
_SENDS_FILE = re.compile(r"/api/chat-rooms/[^/]+/files")


class Bounded:
    """ASGI middleware that answers 413 to a body of more than `BODY_BYTES`, or where files are sent, than a file's."""

    def __init__(self, app: ASGIApp, file_bytes: int) -> None:
        self._app = app
        self._file_bytes = file_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sends_file = _SENDS_FILE.fullmatch(scope["path"]) is not None
        most = self._file_bytes + AROUND_FILE_BYTES if sends_file else BODY_BYTES
        too_large = f"a {'file' if sends_file else 'body'} has at most {self._file_bytes if sends_file else most} bytes"
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > most:
            await problem(413, "too_large", too_large)(scope, receive, send)
            return
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise HTTPException(413, too_large)
            return message

        await self._app(scope, bounded, send)
