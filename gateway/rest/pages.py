"""What is served as files: the web client, and the contracts of everything we say. With strict headers."""

from functools import cache
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import gateway
import schemas
from gateway.rest.assets import Asset, build, inline_hashes

WEB = Path(gateway.__file__).parent / "web"
CONTRACTS = Path(schemas.__file__).parent / "generated"
TYPES = {".json": "application/json", ".yaml": "application/yaml", ".html": "text/html"}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
DOCS = ("/docs", "/redoc")


def policy(sockets: str, page: str) -> str:
    """The content security policy of `page`: nothing but what we serve, and the WebSocket at `sockets`."""
    inline = " ".join(inline_hashes(page))
    return (
        f"default-src 'none'; script-src 'self' {inline}; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
        f"connect-src 'self' {sockets}; manifest-src 'self'; worker-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    )


@cache
def client() -> dict[str, Asset]:
    """The web client as it is served."""
    return build({str(path.relative_to(WEB)): path.read_bytes() for path in WEB.rglob("*") if path.is_file()})


class Contracts(StaticFiles):
    """Files with our content types, whatever the machine's own table says. Browsers ask again each time."""

    def file_response(self, full_path: "str | object", *args: object, **kwargs: object) -> Response:
        response = super().file_response(full_path, *args, **kwargs)  # type: ignore[arg-type]
        kind = TYPES.get(Path(str(full_path)).suffix)
        if kind is not None and response.status_code == 200:
            response.headers["content-type"] = f"{kind}; charset=utf-8"
        response.headers["cache-control"] = "no-cache"
        return response


class Guarded:
    """ASGI middleware that puts the security headers on every answer."""

    def __init__(self, app: ASGIApp, sockets: str) -> None:
        self._app = app
        self._headers = {**HEADERS, "Content-Security-Policy": policy(sockets, client()[""].content.decode())}

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

    app.mount("/schemas", Contracts(directory=CONTRACTS, check_dir=False), name="schemas")
    served = client()

    @app.api_route("/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
    async def _client(path: str, request: Request) -> Response:
        asset = served.get(path)
        if asset is None:
            raise HTTPException(404)
        return _answer(asset, request)


def _answer(asset: Asset, request: Request) -> Response:
    headers = {"Cache-Control": asset.cache_control, "ETag": asset.etag, "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == asset.etag:
        return Response(status_code=304, headers=headers)
    if asset.zipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(
            asset.zipped, headers=headers | {"Content-Encoding": "gzip"}, media_type=asset.media_type
        )
    return Response(asset.content, headers=headers, media_type=asset.media_type)
