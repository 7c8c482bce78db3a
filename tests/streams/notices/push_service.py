"""A push service of this machine that speaks the protocol: it checks who pushes (RFC 8292), and the browsers behind it
read what came (RFC 8291), by code of their own."""

import asyncio
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
import orjson
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.embedded.ports import any_free


def text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def data(said: str) -> bytes:
    return urlsafe_b64decode(said + "=" * (-len(said) % 4))


def decrypted(body: bytes, private: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """As RFC 8291 section 3.4 and RFC 8188 section 2 have it, for one record."""
    salt, record_size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
    theirs, sealed = body[21 : 21 + length], body[21 + length :]
    assert len(sealed) <= record_size
    ours = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    secret = private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
    combined = _derived(secret, auth, b"WebPush: info\x00" + ours + theirs, 32)
    key = _derived(combined, salt, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _derived(combined, salt, b"Content-Encoding: nonce\x00", 12)
    plain = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\x00")
    assert plain[-1:] == b"\x02", "the delimiter of the last record"
    return plain[:-1]


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)


@dataclass
class Browser:
    """A subscription, with what came to it."""

    endpoint: str
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    auth: bytes = field(default_factory=lambda: os.urandom(16))
    answers: deque[tuple[int, dict[str, str]]] = field(default_factory=deque)
    """What the service answers next; 201 when there is nothing."""
    got: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    attempts: int = 0

    @property
    def subscription(self) -> dict[str, Any]:
        """As a browser gives it to its page."""
        point = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"endpoint": self.endpoint, "keys": {"p256dh": text(point), "auth": text(self.auth)}}


class PushService:
    """Browsers by the path of their endpoint."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.vapid_key = ""
        """Whom the subscriptions are bound to."""
        self.browsers: dict[str, Browser] = {}

    def browser(self) -> Browser:
        name = f"b{len(self.browsers)}"
        self.browsers[name] = Browser(f"{self.origin}/push/{name}")
        return self.browsers[name]

    async def push(self, request: Request) -> Response:
        browser = self.browsers[request.path_params["name"]]
        browser.attempts += 1
        if not self._may(request.headers["authorization"]):
            return Response(status_code=403)
        if request.headers["content-encoding"] != "aes128gcm" or not request.headers["ttl"].isdigit():
            return Response(status_code=400)
        if browser.answers:
            status, headers = browser.answers.popleft()
            if status >= 300:
                return Response(status_code=status, headers=headers)
        browser.got.append(orjson.loads(decrypted(await request.body(), browser.private, browser.auth)))
        browser.headers.append(dict(request.headers))
        return Response(status_code=201, headers={"Location": f"{self.origin}/m/{len(browser.got)}"})

    def _may(self, authorization: str) -> bool:
        scheme, _, parameters = authorization.partition(" ")
        said = dict(part.strip().split("=", 1) for part in parameters.split(","))
        if scheme != "vapid" or said["k"] != self.vapid_key:
            return False
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data(said["k"]))
        try:
            claims = jwt.decode(said["t"], key, algorithms=["ES256"], audience=self.origin)
        except jwt.PyJWTError:
            return False
        lasts: int = claims["exp"] - claims.get("iat", claims["exp"] - 1)
        return lasts <= 86_400 and claims["sub"].startswith("mailto:")


class _Server(uvicorn.Server):
    """Leaves the signals of the tests alone."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving() -> AsyncIterator[PushService]:
    """A service that listens until the block ends."""
    port = any_free()
    service = PushService(f"http://127.0.0.1:{port}")
    app = Starlette(routes=[Route("/push/{name}", service.push, methods=["POST"])])
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, lifespan="off", loop="none")
    server = _Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield service
    finally:
        server.should_exit = True
        await task
