"""Who is told, and what: an endpoint as an operator configured it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import ip_address
from urllib.parse import urlsplit

from schemas.events import CATALOGUE

CONSUMER = "webhook:"
"""Before an endpoint's name, it is its name among the consumers of `ops.parked`."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class BadEndpoint(ValueError):
    """The message names the field and the rule, for a person."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where events of `types` (patterns are resolved) go, and what signs them."""

    name: str
    url: str
    types: frozenset[str]
    secrets: tuple[bytes, ...]

    @property
    def consumer(self) -> str:
        return CONSUMER + self.name

    def __repr__(self) -> str:
        """Without the secrets, and without what may be one in the URL."""
        return f"Endpoint({self.name!r}, {shown(self.url)!r}, {len(self.types)} types)"


def shown(url: str) -> str:
    """The URL without user, password and query, which may be secrets."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"


def check_name(name: str) -> str:
    """Raises `BadEndpoint`."""
    if not _NAME.fullmatch(name):
        raise BadEndpoint("name: 1 to 40 small letters, digits and hyphens, not beginning with a hyphen")
    return name


def check_url(url: str, *, plain: bool) -> str:
    """`https`, or `http` to this machine or if `plain` is allowed. Raises `BadEndpoint`."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise BadEndpoint(f"url: {error}") from None
    if parts.scheme not in ("http", "https") or not host:
        raise BadEndpoint("url: https://host/path is wanted")
    if parts.scheme == "http" and not plain and not _is_local(host):
        raise BadEndpoint("url: http is unencrypted; use https, or say --plain for a network you trust")
    if parts.fragment:
        raise BadEndpoint("url: a fragment (#…) is never sent")
    return url


def check_types(patterns: Sequence[str]) -> list[str]:
    """Each names a type of the catalogue, or is a pattern that fits one. Raises `BadEndpoint`."""
    if not patterns:
        raise BadEndpoint("types: at least one is wanted, such as yeon.question.*")
    for pattern in patterns:
        if not resolved([pattern]):
            raise BadEndpoint(
                f"types: no event type fits {pattern}; `yeon log stats` and docs/reference/events.md list them"
            )
    return sorted(set(patterns))


def resolved(patterns: Iterable[str]) -> frozenset[str]:
    """The types of the catalogue that `patterns` name, later ones as they are added to it."""
    wanted = list(patterns)
    return frozenset(name for name in CATALOGUE if any(fnmatchcase(name, one) for one in wanted))


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
