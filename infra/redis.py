"""How every process connects to Redis or Valkey."""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError

ANSWER_SECONDS = 0.7
"""How long an answer is waited for: a server that is frozen keeps its connections, and would keep us for ever."""


def connect(url: str, name: str) -> Redis:
    """A client that answers bytes. A command meets a lost connection with three quick retries, then raises
    `redis.exceptions.ConnectionError`; a server that does not answer in time, `redis.exceptions.TimeoutError`. Nothing is
    sent before the first command."""
    return Redis.from_url(
        url,
        client_name=f"yeon-{name}",
        socket_connect_timeout=2,
        socket_timeout=ANSWER_SECONDS,
        socket_keepalive=True,
        health_check_interval=15,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 3, (ConnectionError,)),
    )
