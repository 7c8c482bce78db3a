"""Signatures as Standard Webhooks 1.0.0 describes them, so that receivers verify them with the library they like.

HMAC-SHA256 over `<id>.<timestamp>.<body>`, base64, as `v1,…`; several, one for each secret, are separated by spaces.
"""

import hmac
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Sequence

PREFIX = "whsec_"
LEAST_BYTES, MOST_BYTES = 24, 64


class BadSecret(ValueError):
    """The message is a sentence for a person."""


def written(secret: bytes) -> str:
    """A secret as people hand it on: `whsec_` and base64."""
    return PREFIX + b64encode(secret).decode()


def read(text: str) -> bytes:
    """What `written` wrote. Raises `BadSecret`, which does not repeat it."""
    try:
        secret = b64decode(text.removeprefix(PREFIX), validate=True)
    except Error:
        raise BadSecret("a secret is `whsec_` and base64 behind it") from None
    if not LEAST_BYTES <= len(secret) <= MOST_BYTES:
        raise BadSecret(f"a secret has {LEAST_BYTES} to {MOST_BYTES} bytes, this one has {len(secret)}")
    return secret


def headers(event_id: str, at: int, body: bytes, secrets: Sequence[bytes]) -> dict[str, str]:
    """What goes with `body` at `at` (seconds since 1970). The id is the event's own, the same at every attempt."""
    signed = f"{event_id}.{at}.".encode() + body
    signatures = ("v1," + b64encode(hmac.digest(secret, signed, "sha256")).decode() for secret in secrets)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(signatures),
    }
