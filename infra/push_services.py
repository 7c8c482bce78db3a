"""Which hosts may be pushed to: a subscription is an address that somebody gave us, and it must not have us write to
whatever host they please."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from urllib.parse import urlsplit


def may_push_to(endpoint: str, hosts: Sequence[str]) -> bool:
    """Whether `endpoint` is at a push service among `hosts`: patterns of host names (`*.push.apple.com`), reached by
    https, or whole origins (`http://127.0.0.1:9000`)."""
    try:
        parts = urlsplit(endpoint)
        name, port = parts.hostname, parts.port
    except ValueError:
        return False
    if not name or parts.username or parts.password or parts.fragment:
        return False
    if f"{parts.scheme}://{parts.netloc}" in hosts:
        return True
    return parts.scheme == "https" and port in (None, 443) and any(fnmatchcase(name, host) for host in hosts)
