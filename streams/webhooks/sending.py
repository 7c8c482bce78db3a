"""One attempt: an event as a signed request, and what its answer means. Redirects are not followed."""

import time
from collections.abc import Sequence
from datetime import timedelta

import httpx

from infra.tracing import note
from schemas.envelope import Event
from schemas.structured import CONTENT_TYPE, to_structured
from streams.webhooks.line import Failure
from streams.webhooks.signing import headers

BUSY = frozenset({408, 425, 429, 502, 503, 504})
"""Answers that say nothing about the event: come again."""


def client(seconds: float, at_once: int) -> httpx.AsyncClient:
    """For one endpoint: a request takes at most `seconds`, its answer's beginning included."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(seconds),
        limits=httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once),
        follow_redirects=False,
        headers={"user-agent": "yeongyeori-webhooks/1", "content-type": CONTENT_TYPE},
    )


async def send(client: httpx.AsyncClient, url: str, event: Event, secrets: Sequence[bytes]) -> Failure | None:
    """Send `event`; None if it was answered with 2xx."""
    try:
        body = to_structured(event)
    except ValueError as error:
        return Failure(str(error), refused=True)
    began = time.time_ns()
    failure = await post(client, url, event.event_id, body, secrets, event.meta.traceparent)
    if failure is None:
        about: dict[str, str | int] = {"yeon.event": event.event_id, "yeon.position": event.position}
        note("webhook", event.meta.traceparent, "PRODUCER", about, began)
    return failure


async def post(
    client: httpx.AsyncClient, url: str, event_id: str, body: bytes, secrets: Sequence[bytes], trace: str = ""
) -> Failure | None:
    """Send `body`, signed now. None if it was answered with 2xx."""
    signed = headers(event_id, int(time.time()), body, secrets)
    if trace:
        signed["traceparent"] = trace
    try:
        async with client.stream("POST", url, content=body, headers=signed) as answer:
            if answer.is_success:
                return None
            return Failure(
                f"answered {answer.status_code}",
                refused=answer.status_code not in BUSY,
                retry_after=_retry_after(answer.headers.get("retry-after", "")),
            )
    except httpx.TimeoutException as error:
        return Failure(f"no answer in time ({type(error).__name__})", refused=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # Its text may repeat the URL, and with it what is secret there.
        return Failure(f"could not be reached ({type(error).__name__})", refused=False)


def _retry_after(text: str) -> timedelta | None:
    """Seconds alone are understood; a date is not."""
    return timedelta(seconds=int(text)) if text.isascii() and text.isdigit() and len(text) < 6 else None
