"""The notifier: a Faust application of its own beside a loop that sends, so that no slow mail server holds up a view."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

import httpx
from prometheus_client import start_http_server
from psycopg.conninfo import make_conninfo

from infra.kafka import topics
from infra.kafka.app import build_app, consume
from infra.kafka.beginning import prepare_group
from infra.kafka.process import persist, run_app
from infra.log import EventLog
from infra.notifications import Notifications
from infra.postgres import pool as connect
from infra.presence import RedisPresence
from infra.redis import connect as connect_redis
from infra.secret import derived_key
from infra.settings import Settings
from infra.unsubscribing import PURPOSE
from infra.vapid import private_key
from projections.prepare import prepare as prepare_views
from schemas.topics import CONVERSATIONS
from streams.notices.channels import ByMail, ByPush, Way
from streams.notices.intake import Intake, begin
from streams.notices.mail import Mailer, MailServer
from streams.notices.push import PushSender
from streams.notices.queue import CONSUMER, Pool
from streams.notices.schedule import Channel, Pace
from streams.notices.telling import Telling
from streams.notices.tidings import TYPES

APPLICATION = "notifier"


class NobodyCanBeTold(ValueError):
    """No channel is set up, or one is wrongly; the message is a sentence for a person."""


async def run_notifier(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Raises `NobodyCanBeTold`, `GenerationRaised` or `NoProgress`."""
    # What is noted can be noted again from the log, as the views can: no batch waits for the disk.
    url = make_conninfo(settings.postgres_url, options="-c synchronous_commit=off")
    with counted(settings):
        await _run(settings, url)


async def _run(settings: Settings, url: str) -> None:
    async with (
        connect(url, APPLICATION) as pool,
        connect_redis(settings.redis_url, APPLICATION) as redis,
        ways(settings, pool) as found,
    ):
        await persist("tables of the views", lambda: prepare_views(pool))
        await persist("topics", lambda: topics.prepare(settings))
        await persist("first positions", lambda: begin(pool))
        fed = {CONVERSATIONS: [CONSUMER]}
        group = await persist("first offsets", lambda: prepare_group(APPLICATION, settings, fed))
        app = build_app(group, settings)
        store, pace = EventLog(pool), pace_of(settings)
        intake = Intake(pool, store, pace)
        telling = Telling(pool, store, RedisPresence(redis), found, pace)
        consume(app, group, [CONVERSATIONS], intake.apply, only=TYPES)
        await run_app(app, settings, fed, group, beside=[telling.keep_telling], refill=intake.apply)


@contextmanager
def counted(settings: Settings) -> Iterator[int | None]:
    """Answers `/metrics` in a thread of its own, if a port is set; the port, where 0 was not."""
    if not settings.notifier_port:
        yield None
        return
    server, thread = start_http_server(settings.notifier_port, settings.notifier_host)
    try:
        yield settings.notifier_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@asynccontextmanager
async def ways(settings: Settings, pool: Pool) -> AsyncIterator[dict[Channel, Way]]:
    """The channels that are set up. Raises `NobodyCanBeTold`."""
    found: dict[Channel, Way] = {}
    async with httpx.AsyncClient() as client:
        try:
            if (key := private_key(settings)) is not None:
                push = PushSender(key, settings.push_contact, settings.push_hosts.split(), client)
                found["push"] = ByPush(push, Notifications(pool))
            if smtp_url := settings.smtp_url.get_secret_value():
                mailer = Mailer(MailServer.of(smtp_url))
                signed = derived_key(settings, PURPOSE)
                found["mail"] = ByMail(mailer, settings.mail_from, settings.reached_at, signed)
        except ValueError as error:
            raise NobodyCanBeTold(str(error)) from error
        if not found:
            raise NobodyCanBeTold("nobody can be told of anything: set YEON_PUSH_CONTACT or YEON_SMTP_URL")
        yield found


def pace_of(settings: Settings) -> Pace:
    """As the settings have it."""
    return Pace(
        push=timedelta(seconds=settings.notify_push_seconds),
        mail=timedelta(seconds=settings.notify_mail_seconds),
        mail_again=timedelta(seconds=settings.notify_again_seconds),
    )
