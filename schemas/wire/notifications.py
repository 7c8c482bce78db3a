"""How a person wants to be told while they are away: bodies and answers of the REST calls."""

from datetime import time
from typing import Annotated, Self
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from schemas.base import ClosedSaid, Language, Said


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("must be a time zone of the IANA database, such as Asia/Seoul") from error
    return name


def _of_a_clock(at: time) -> time:
    if at.tzinfo is not None:
        raise ValueError("must be a time of day without a zone, such as 22:00")
    return at


TimeZone = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_known_zone)]
ClockTime = Annotated[time, AfterValidator(_of_a_clock)]
Base64Url = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+={0,2}$", max_length=200)]


class NotificationsBody(ClosedSaid):
    """Change how one is told; absent fields stay. Quiet hours are set together; both null for none."""

    mail: bool | None = None
    push: bool | None = None
    preview: bool | None = None
    """Whether the first words of what others said may be in a notice."""
    language: Language | None = None
    time_zone: TimeZone | None = None
    quiet_from: ClockTime | None = None
    quiet_to: ClockTime | None = None

    @model_validator(mode="after")
    def _together(self) -> Self:
        if (self.quiet_from is None) != (self.quiet_to is None) or (
            ("quiet_from" in self.model_fields_set) != ("quiet_to" in self.model_fields_set)
        ):
            raise ValueError("quietFrom and quietTo are given together, or both null")
        return self


class NotificationsSaid(Said):
    """How one is told."""

    mail: bool
    push: bool
    preview: bool
    language: Language
    time_zone: str
    quiet_from: time | None
    quiet_to: time | None


class PushKeys(ClosedSaid):
    """The keys of a browser (RFC 8291), in base64url."""

    p256dh: Base64Url
    auth: Base64Url


class PushSubscriptionBody(ClosedSaid):
    """A browser to push to, as `PushSubscription.toJSON()` gives it."""

    endpoint: Annotated[str, Field(min_length=1, max_length=2_000)]
    keys: PushKeys
    expiration_time: float | None = None


class PushEndpointBody(ClosedSaid):
    """A browser not to push to any more."""

    endpoint: Annotated[str, Field(min_length=1, max_length=2_000)]


class PushSubscriptionSaid(Said):
    """A browser that is pushed to."""

    id: UUID
