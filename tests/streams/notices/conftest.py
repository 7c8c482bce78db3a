"""A gateway with its people, and beside it a notifier that a test moves step by step: real stores, real commands, a real
mail server and a push service that speaks the protocol. Only Kafka is left out: events come from the log."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import httpx
import pytest_asyncio
from redis.asyncio import Redis

from infra.log import EventLog
from infra.notifications import Notifications
from infra.postgres import pool as connect
from infra.presence import LOOKING, RedisPresence
from infra.redis import connect as connect_redis
from infra.settings import Settings
from infra.vapid import public_key
from schemas.envelope import Event, Received
from streams.notices.intake import Intake, begin
from streams.notices.process import ways
from streams.notices.queue import Pool
from streams.notices.schedule import Pace
from streams.notices.telling import Telling
from tests.gateway.conftest import World, world
from tests.gateway.person import Person
from tests.streams.notices import mail_server, push_service
from tests.streams.notices.mail_server import MailServer
from tests.streams.notices.push_service import Browser, PushService

__all__ = ["world"]

AT_ONCE = Pace(
    push=timedelta(),
    mail=timedelta(),
    offer_mail=timedelta(),
    look_again=timedelta(),
    push_first=timedelta(seconds=60),
    push_again=timedelta(),
    retries=(timedelta(), timedelta()),
)


@dataclass
class Notifier:
    """The notifier of a test."""

    world: World
    pool: Pool
    redis: Redis
    mail: MailServer
    push: PushService
    settings: Settings
    presence: RedisPresence
    telling: Telling
    intake: Intake
    log: EventLog
    at: int
    before: dict[tuple[str, int], int] = field(default_factory=dict)

    async def hear(self) -> list[Event]:
        """Take in everything that the log holds by now."""
        events = await self.log.read(self.at, 10_000)
        batch = [self._received(event) for event in events]
        self.at = max([self.at, *(event.position for event in events)])
        if batch:
            await self.intake.apply(batch)
        return events

    def _received(self, event: Event) -> Received:
        place = (event.topic, event.partition)
        received = Received(event, self.before.get(place, 0))
        self.before[place] = event.position
        return received

    async def tell(self) -> None:
        """Tell what is due by now, until nothing is; the views hold what was heard."""
        await self.hear()
        async with asyncio.timeout(20):
            while await self.telling.tell() or await self._unsettled():
                await asyncio.sleep(0.01)

    async def _unsettled(self) -> bool:
        async with self.pool.connection() as connection:
            found = await connection.execute(
                "SELECT EXISTS (SELECT FROM ops.stirred_rooms) OR EXISTS ("
                "SELECT FROM ops.notices WHERE due_at <= clock_timestamp() + interval '1 second')"
            )
            row = await found.fetchone()
        return bool(row and row[0])

    async def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        async with self.pool.connection() as connection:
            return await (await connection.execute(statement.encode(), values)).fetchall()

    def mails(self, person: Person) -> list[EmailMessage]:
        return self.mail.to(f"{person.username}@example.org")

    async def browser(self, person: Person) -> Browser:
        """A browser of this person that can be pushed to."""
        browser = self.push.browser()
        keys = browser.subscription["keys"]
        await Notifications(self.pool).subscribe(person.id, browser.endpoint, keys["p256dh"], keys["auth"])
        return browser

    async def choose(self, person: Person, **chosen: Any) -> None:
        await Notifications(self.pool).choose(person.id, **chosen)

    async def looks(self, person: Person) -> None:
        """The person has the page before their eyes."""
        seconds, _ = await self.redis.time()
        await self.redis.zadd(LOOKING, {str(person.id): seconds + 3600})

    async def looks_away(self, person: Person) -> None:
        await self.redis.zrem(LOOKING, str(person.id))


NewNotifier = Callable[..., Any]


@pytest_asyncio.fixture
async def notifier(world: World) -> AsyncIterator[Notifier]:
    """A notifier that begins now and waits for nothing, with both channels."""
    async with (
        mail_server.serving() as mail,
        push_service.serving() as push,
        connect(world.settings.postgres_url, "notifier") as pool,
        connect_redis(world.settings.redis_url, "notifier") as redis,
        httpx.AsyncClient(),
    ):
        settings = world.settings.model_copy(
            update={
                "smtp_url": Settings(smtp_url=mail.url).smtp_url,
                "mail_from": "연결이 <no-reply@yeon.test>",
                "push_contact": "mailto:ops@yeon.test",
                "push_hosts": push.origin,
                "public_url": "https://yeon.test/",
            }
        )
        push.vapid_key = public_key(settings)
        async with pool.connection() as connection:
            for table in ("ops.notices", "ops.stirred_rooms", "ops.parked"):
                await connection.execute(f"DELETE FROM {table}".encode())
            await connection.execute("DELETE FROM ops.tracking WHERE consumer = 'notifier'")
        await begin(pool)
        log = EventLog(pool)
        async with ways(settings, pool) as found:
            presence = RedisPresence(redis)
            telling = Telling(pool, log, presence, found, AT_ONCE)
            intake = Intake(pool, log, AT_ONCE)
            yield Notifier(
                world,
                pool,
                redis,
                mail,
                push,
                settings,
                presence,
                telling,
                intake,
                log,
                at=await log.head(),
            )
