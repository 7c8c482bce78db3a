"""How every process connects to Redis or Valkey."""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff


def connect(url: str, name: str) -> Redis:
    """A client that answers bytes. A command meets a lost connection with three quick retries, then raises
    `redis.exceptions.ConnectionError`; nothing is sent before the first command."""
    return Redis.from_url(
        url,
        client_name=f"yeon-{name}",
        socket_connect_timeout=2,
        socket_keepalive=True,
        health_check_interval=15,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 3),
    )
