"""What became of one attempt to reach somebody."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Sent:
    """The server took it."""


@dataclass(frozen=True, slots=True)
class Gone:
    """There is nobody at this address any more."""


@dataclass(frozen=True, slots=True)
class Later:
    """It may go well another time; `after` is when the server wants to be asked again, if it said so."""

    reason: str
    """Says nothing of a person: it is kept, and shown to operators."""
    after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """It will not go well however often it is tried."""

    reason: str


Outcome = Sent | Gone | Later | Refused
