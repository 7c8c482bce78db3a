"""Access tokens: JWTs signed with HS256. Making and reading them is pure."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hmac import compare_digest, digest
from typing import Any, cast, get_args
from uuid import UUID

import jwt
import orjson
from jwt.types import Options

from schemas.base import Role

ISSUER = "yeongyeori"
OWN_HEADER = urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=") + "."
"""How every token made here begins."""
ROLES = frozenset(get_args(Role))
OPTIONS: Options = {"require": ["iss", "sub", "role", "exp", "jti"], "verify_exp": False, "verify_iat": False}


class BadToken(Exception):
    """Not a token of ours, or one that ran out."""


@dataclass(frozen=True, slots=True)
class Claims:
    """Whom a token speaks for, and until when (Unix seconds)."""

    user_id: UUID
    role: Role
    expires_at: float
    sign_in: UUID | None
    """The family of refresh tokens it came with; none for a token that was not got by signing in."""


class Tokens:
    """Makes and reads access tokens with one key."""

    def __init__(self, key: str, lifetime: int) -> None:
        """`lifetime` is in seconds."""
        self._key = key
        self._key_bytes = key.encode()
        self.lifetime = lifetime

    def issue(self, user_id: UUID, role: Role, token_id: str, now: float, sign_in: UUID | None = None) -> str:
        """A token for `user_id`, valid from `now` (Unix seconds) for the lifetime, or until `sign_in` is ended."""
        payload = {
            "iss": ISSUER,
            "sub": str(user_id),
            "role": role,
            "iat": int(now),
            "exp": int(now) + self.lifetime,
            "jti": token_id,
        }
        if sign_in is not None:
            payload["sid"] = str(sign_in)
        return jwt.encode(payload, self._key, algorithm="HS256")

    def read(self, token: str, now: float) -> Claims:
        """What `token` says. Raises `BadToken`."""
        try:
            payload = self._payload(token)
            sign_in = UUID(payload["sid"]) if "sid" in payload else None
            claims = Claims(UUID(payload["sub"]), cast(Role, payload["role"]), float(payload["exp"]), sign_in)
        except (jwt.PyJWTError, KeyError, ValueError, TypeError, AttributeError) as error:
            raise BadToken("the token is not valid") from error
        if claims.role not in ROLES:
            raise BadToken("the token names an unknown role")
        if claims.expires_at <= now:
            raise BadToken("the token has run out")
        return claims

    def _payload(self, token: str) -> dict[str, Any]:
        """The payload of a token that this key has signed.

        All of ours begin alike, so thousands that come back at once are checked without reading their headers (RFC 7515,
        section 5.2); any other header is the library's matter.
        """
        if not token.startswith(OWN_HEADER):
            payload: dict[str, Any] = jwt.decode(token, self._key, algorithms=["HS256"], options=OPTIONS)
        else:
            signed, _, signature = token.encode("ascii").rpartition(b".")
            expected = urlsafe_b64encode(digest(self._key_bytes, signed, "sha256")).rstrip(b"=")
            if not compare_digest(expected, signature):
                raise BadToken("the token is not valid")
            body = signed[len(OWN_HEADER) :]
            payload = orjson.loads(urlsafe_b64decode(body + b"=" * (-len(body) % 4)))
        if payload["iss"] != ISSUER or "jti" not in payload:
            raise BadToken("the token is not valid")
        return payload
