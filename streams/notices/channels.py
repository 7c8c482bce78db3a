"""The two ways to reach somebody: each takes a notice and gives what became of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid5

import orjson

from infra.demo.person import DEMO_DOMAIN
from infra.notifications import Address, Notifications
from infra.unsubscribing import off_token
from infra.vapid import encoded
from streams.notices.letter import letter, sender
from streams.notices.mail import Mailer
from streams.notices.metrics import UNSUBSCRIBED
from streams.notices.notice import Matter, compose
from streams.notices.outcome import Gone, Later, Outcome, Sent
from streams.notices.push import PushSender
from streams.notices.queue import Waiting

PUSH_LIFE = timedelta(hours=12)
"""How long a push service keeps a push for a browser that is not there; an offer only until it ends."""
LONGEST_BODY = 300


class Unreachable(Exception):
    """There is no address of this kind, or the person does not want it."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What an attempt came to, and the browsers that have it now."""

    outcome: Outcome
    devices: tuple[UUID, ...] = ()


class Way(Protocol):
    """A channel."""

    async def send(self, one: Waiting, matter: Matter, to: Address, now: datetime) -> Attempt:
        """Raises `Unreachable`."""
        ...


class ByMail:
    """Mail, by one server."""

    def __init__(self, mailer: Mailer, mail_from: str, base: str, key: bytes) -> None:
        """`base` is where the web client is; `key` signs the links that end mail. Raises `BadSender`."""
        self._mailer = mailer
        self._from = sender(mail_from)
        self._base = base
        self._key = key

    async def send(self, one: Waiting, matter: Matter, to: Address, now: datetime) -> Attempt:
        """The same notice again has the same `Message-ID`."""
        if not to.choices.mail or to.email.lower().endswith(f"@{DEMO_DOMAIN}"):
            raise Unreachable
        notice = compose(matter, to.choices.language, to.choices.preview)
        name = str(uuid5(one.about, f"{one.user_id}:{one.position}"))
        off = off_token(to.user_id, self._key)
        mail = letter(notice, to.choices.language, to.email, self._from, now, name, self._base, off)
        return Attempt(await self._mailer.send(mail))


class ByPush:
    """Web Push, to every browser of the person."""

    def __init__(self, push: PushSender, notifications: Notifications) -> None:
        self._push = push
        self._notifications = notifications

    async def send(self, one: Waiting, matter: Matter, to: Address, now: datetime) -> Attempt:
        """Browsers that have it already are left out; one that is gone is forgotten. Sent, if one took it and none
        wants it later."""
        wanted = [device for device in to.subscriptions if device.id not in one.reached]
        if not to.choices.push or not (wanted or one.reached):
            raise Unreachable
        notice = compose(matter, to.choices.language, to.choices.preview)
        life = PUSH_LIFE if matter.expires_at is None else matter.expires_at - now
        body = "\n".join([notice.body, *(f"{line.name}: {line.words}" for line in notice.lines)])[
            :LONGEST_BODY
        ]
        said = {
            "title": notice.title,
            "body": body,
            "path": notice.path,
            "tag": notice.tag,
            "urgent": notice.urgent,
        }
        payload = orjson.dumps(said)
        topic = encoded(one.about.bytes)
        reached: list[UUID] = []
        failures: list[Outcome] = []
        for device in wanted:
            outcome = await self._push.send(device, payload, topic, life, notice.urgent, now)
            if isinstance(outcome, Sent):
                reached.append(device.id)
            elif isinstance(outcome, Gone):
                UNSUBSCRIBED.inc()
                await self._notifications.gone(device)
            else:
                failures.append(outcome)
        later = [failure for failure in failures if isinstance(failure, Later)]
        if later:
            return Attempt(max(later, key=lambda failure: failure.after or timedelta()), tuple(reached))
        if reached or one.reached:
            return Attempt(Sent(), tuple(reached))
        return Attempt(failures[0] if failures else Gone())
