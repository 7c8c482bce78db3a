"""Sends to browsers through their push services: RFC 8030, encrypted by RFC 8291, signed by RFC 8292.

Only push services named in the settings are written to (`infra.push_services`), and no redirect is followed.
"""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import http_ece
import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from infra.notifications import Subscription
from infra.push_services import may_push_to
from infra.vapid import decoded, encoded, point
from streams.notices.outcome import Gone, Later, Outcome, Refused, Sent

SECONDS = 10.0
TOKEN_LIFE = timedelta(hours=12)
"""RFC 8292 allows a day."""
RECORD_SIZE = 4096
_AGAIN = {408, 425, 429, 500, 502, 503, 504}


class PushSender:
    """Sends with one key, in the name of `contact`."""

    def __init__(
        self, key: ec.EllipticCurvePrivateKey, contact: str, hosts: Sequence[str], client: httpx.AsyncClient
    ) -> None:
        """`contact` is a `mailto:` or `https:` address; `hosts` as in `may_push_to`."""
        self._key = key
        self._contact = contact
        self._hosts = hosts
        self._client = client

    async def send(
        self, to: Subscription, payload: bytes, topic: str, life: timedelta, urgent: bool, at: datetime
    ) -> Outcome:
        """Push `payload` (at most 3,993 bytes) at the moment `at`. Raises nothing: what goes wrong is in the outcome.

        A later one with the same `topic` (32 characters of base64url at most) replaces one that waits at the service,
        which gives up after `life`.
        """
        if not may_push_to(to.endpoint, self._hosts):
            return Gone()  # the setting was narrowed since
        try:
            body = encrypted(payload, to)
        except ValueError:
            return Gone()  # its keys are none: nothing can ever be read there
        headers = {
            "Authorization": self._authorization(to.endpoint, at),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(max(0, int(life.total_seconds()))),
            "Urgency": "high" if urgent else "normal",
            "Topic": topic,
        }
        try:
            answer = await self._client.post(
                to.endpoint, content=body, headers=headers, timeout=SECONDS, follow_redirects=False
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Later(f"the push service cannot be reached: {type(error).__name__}")
        return _of_status(answer, at)

    def _authorization(self, endpoint: str, at: datetime) -> str:
        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int((at + TOKEN_LIFE).timestamp()),
            "sub": self._contact,
        }
        token = jwt.encode(claims, self._key, algorithm="ES256")
        return f"vapid t={token}, k={encoded(point(self._key))}"


def encrypted(payload: bytes, to: Subscription) -> bytes:
    """`payload` so that only that browser can read it (aes128gcm). Raises ValueError for keys that are none."""
    body: bytes = http_ece.encrypt(
        payload,
        salt=os.urandom(16),
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=decoded(to.p256dh),
        auth_secret=decoded(to.auth),
        rs=RECORD_SIZE,
        version="aes128gcm",
    )
    return body


def _of_status(answer: httpx.Response, at: datetime) -> Outcome:
    status = answer.status_code
    if 200 <= status < 300:
        return Sent()
    if status in (404, 410):
        return Gone()
    if status in _AGAIN:
        after = retry_after(answer.headers.get("Retry-After", ""), at)
        return Later(f"the push service answers {status}", after)
    return Refused(f"the push service answers {status}")


def retry_after(header: str, at: datetime) -> timedelta | None:
    """How long after `at` a `Retry-After` header (RFC 9110) means, in seconds or as a date; None if it says nothing."""
    if header.strip().isdigit():
        return timedelta(seconds=min(int(header), 10**9))
    try:
        when = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(timedelta(), (when if when.tzinfo else when.replace(tzinfo=UTC)) - at)
