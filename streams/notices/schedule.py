"""When somebody is told: how long each matter waits to be noticed, quiet hours, and when to try again. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from streams.notices.tidings import Kind

Channel = Literal["push", "mail"]
CHANNELS: tuple[Channel, ...] = ("push", "mail")

STALE = timedelta(hours=24)
"""What happened longer ago is not told any more."""
LONGEST_RETRY_AFTER = timedelta(hours=1)
"""A server that wants to be left alone for longer is asked again after this."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things wait."""

    push: timedelta = timedelta(seconds=5)
    """A message, before it is pushed."""
    mail: timedelta = timedelta(seconds=120)
    """Anything but an offer, before a mail."""
    offer_mail: timedelta = timedelta(seconds=20)
    """An offer, which is pushed at once, before a mail to whom no push reached."""
    look_again: timedelta = timedelta(seconds=8)
    """Somebody who looks when a notice is due may be about to go: only who still looks so much later is not told."""
    push_first: timedelta = timedelta(seconds=15)
    """How much longer a mail waits for a push about the same that is still on its way."""
    push_again: timedelta = timedelta(seconds=30)
    mail_again: timedelta = timedelta(hours=1)
    """Between two mails about the same room."""
    retries: tuple[timedelta, ...] = tuple(timedelta(seconds=s) for s in (10, 30, 120, 600, 1800))
    """After each failed attempt; after one more it is parked."""
    lease: timedelta = timedelta(seconds=60)
    """How long an attempt may take before it counts as one that never ended."""

    def first(self, kind: Kind, channel: Channel, since: datetime) -> datetime:
        """When something that happened at `since` is told first."""
        if channel == "push":
            return since + (self.push if kind == "message" else timedelta())
        return since + (self.offer_mail if kind == "offer" else self.mail)

    def again(self, kind: Kind, channel: Channel) -> timedelta:
        """How long after one notice the next about the same matter may follow."""
        if kind != "message":
            return timedelta()
        return self.push_again if channel == "push" else self.mail_again

    def after_failure(self, attempts: int, retry_after: timedelta | None) -> timedelta | None:
        """How long to wait after failed attempt number `attempts` (from 1); None if it is given up."""
        if attempts > len(self.retries):
            return None
        asked = min(retry_after or timedelta(), LONGEST_RETRY_AFTER)
        return max(self.retries[attempts - 1], asked)


def quiet_until(at: datetime, zone: str, quiet_from: time | None, quiet_to: time | None) -> datetime | None:
    """When the quiet hours in which `at` lies end; None if it lies in none.

    The hours are those of clocks in `zone` (an IANA name) and may pass midnight. Where the clocks were set forward over
    the end, they end at the moment of that.
    """
    if quiet_from is None or quiet_to is None or quiet_from == quiet_to:
        return None
    there = at.astimezone(ZoneInfo(zone))
    clock = there.time().replace(tzinfo=None)
    if quiet_from < quiet_to:
        inside, tomorrow = quiet_from <= clock < quiet_to, False
    else:
        inside, tomorrow = clock >= quiet_from or clock < quiet_to, clock >= quiet_from
    if not inside:
        return None
    end = datetime.combine(there.date() + timedelta(days=1 if tomorrow else 0), quiet_to, there.tzinfo)
    return end.astimezone(UTC)
