"""The bodies and answers of the REST calls of operators about what is parked."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from schemas.base import (
    ClosedSaid,
    Said,
)


class ParkedOneSaid(Said):
    """The first event of a key that a consumer could not take."""

    consumer: str
    key: UUID
    position: int
    reason: str
    parked_at: AwareDatetime
    behind: int
    """How many later events of the key wait behind it."""


class ParkedSaid(Said):
    """What is parked."""

    items: tuple[ParkedOneSaid, ...]


class ReleaseBody(ClosedSaid):
    """What is to be taken up again."""

    consumer: Annotated[str, Field(min_length=1, max_length=200)]
    key: UUID
