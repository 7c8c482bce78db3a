"""What is served as files: the web client, and the contracts of everything we say. With strict headers."""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import gateway
import schemas

WEB = Path(gateway.__file__).parent / "web"
CONTRACTS = Path(schemas.__file__).parent / "generated"
TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
    ".yaml": "application/yaml",
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
DOCS = ("/docs", "/redoc")


INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)


def inline_scripts(page: str) -> list[str]:
    """The policy's names of what stands inline in `page` (an import map can stand nowhere else)."""
    return [f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in INLINE.findall(page)]


def policy(sockets: str) -> str:
    """The content security policy: nothing but what we serve, and the WebSocket at `sockets`."""
    index = WEB / "index.html"
    inline = " ".join(inline_scripts(index.read_text())) if index.exists() else ""
    return (
        f"default-src 'none'; script-src 'self' {inline}; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
        f"connect-src 'self' {sockets}; manifest-src 'self'; worker-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    )


class Files(StaticFiles):
    """Files with our content types, whatever the machine's own table says. Browsers ask again each time."""

    def file_response(self, full_path: "str | object", *args: object, **kwargs: object) -> Response:
        response = super().file_response(full_path, *args, **kwargs)  # type: ignore[arg-type]
        kind = TYPES.get(Path(str(full_path)).suffix)
        if kind is not None and response.status_code == 200:
            response.headers["content-type"] = kind if kind.startswith("image") else f"{kind}; charset=utf-8"
        response.headers["cache-control"] = "no-cache"
        return response


class Guarded:
    """ASGI middleware that puts the security headers on every answer."""

    def __init__(self, app: ASGIApp, sockets: str) -> None:
        self._app = app
        self._headers = {**HEADERS, "Content-Security-Policy": policy(sockets)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        documented = scope["path"].startswith(DOCS)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    if not (documented and name == "Content-Security-Policy"):
                        headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, guarded)


def install(app: FastAPI) -> None:
    """Serve the contracts and the web client. Last, since the client stands at the root."""

    @app.get("/asyncapi.yaml", include_in_schema=False)
    async def _asyncapi() -> Response:
        return FileResponse(CONTRACTS / "asyncapi.yaml", media_type="application/yaml")

    app.mount("/schemas", Files(directory=CONTRACTS, check_dir=False), name="schemas")
    app.mount("/", Files(directory=WEB, html=True, check_dir=False), name="web")
