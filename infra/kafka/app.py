"""Builds and runs Faust applications: batches of events in, at least once, in order per partition, none swallowed.

A process has one application. It ends itself when its topics' generation is raised (and starts anew under a new
group) or when events wait and none is applied (and its supervisor starts it again).
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Protocol

import faust
from psycopg import InterfaceError, OperationalError
from psycopg_pool import PoolTimeout

from infra.kafka.access import Access
from infra.kafka.generations import Group
from infra.kafka.intake import Broken, Passing, Record
from infra.kafka.pacing import EAGER_SECONDS, PacedTransport
from infra.kafka.tracking import Heard
from infra.settings import Settings
from schemas.envelope import Received
from schemas.events import CATALOGUE
from schemas.mapper import from_kafka, position_of

log = logging.getLogger(__name__)

Batch = Sequence[Record]
BATCH = 200
"""Most events handed on at once. Fewer come together when fewer wait; nothing waits for a batch to fill."""
WAITING = 2_000
"""Most events held decoded-to-be per topic before the intake from Kafka pauses."""
SESSION_SECONDS = 6.0
SLOWEST_RETRY = 5.0
AWAY = (OperationalError, InterfaceError, PoolTimeout, ConnectionError, TimeoutError)
"""What a database or a server that is away raises."""


class Message(Protocol):
    """What is used of a Faust message."""

    topic: str
    partition: int
    offset: int
    value: bytes | None
    headers: list[tuple[str, bytes]] | None
    timestamp: float


class Event(Protocol):
    """What is used of a Faust event."""

    message: Message


def build_app(group: Group, settings: Settings, eager: float = EAGER_SECONDS) -> faust.App:
    """The Faust application of `group` (from `prepare_group`), with no agents yet.

    At-least-once, memory tables, no web server; on the embedded broker it asks for records every `eager` seconds; a dead member is replaced within `SESSION_SECONDS`.
    """
    directory = settings.data_dir / "faust" / group.application
    directory.mkdir(parents=True, exist_ok=True)
    access = Access.of(settings)
    app = faust.App(
        group.name,
        broker=";".join(f"kafka://{server}" for server in access.servers),
        broker_credentials=_credentials(access),
        store="memory://",
        datadir=str(directory),
        key_serializer="raw",
        value_serializer="raw",
        processing_guarantee="at_least_once",
        consumer_auto_offset_reset="earliest",
        broker_session_timeout=SESSION_SECONDS,
        broker_heartbeat_interval=SESSION_SECONDS / 3,
        broker_rebalance_timeout=SESSION_SECONDS,
        broker_commit_interval=1.0,
        broker_max_poll_records=500,
        consumer_max_fetch_size=262_144,  # smaller turns for each partition while there is a backlog
        producer_acks=-1,
        stream_wait_empty=False,
        topic_replication_factor=settings.kafka_replication,
        topic_disable_leader=True,
        web_enabled=False,
    )
    if settings.embedded_broker:
        app.transport = PacedTransport(app.conf.broker_consumer, app, eager=eager)
    return app


def _credentials(access: Access) -> faust.types.auth.CredentialsT | None:
    context = access.context() if access.encrypted else None
    if access.named:
        return faust.SASLCredentials(
            username=access.username,
            password=access.password,
            ssl_context=context,
            mechanism=access.mechanism,
        )
    return faust.SSLCredentials(context) if context else None


def consume(
    app: faust.App,
    group: Group,
    topics: Iterable[str],
    apply: Callable[[Batch], Awaitable[None]],
    observe: Callable[[Event], None] | None = None,
    only: frozenset[str] | None = None,
) -> None:
    """Add an agent for each of `topics` that awaits `apply` with batches in the order of each partition.

    A batch is acknowledged once `apply` returns. While it raises, whatever it raises, the same batch is tried again,
    for ever: what cannot be processed is for `apply` to park. Batches of one topic come one after another, those of
    different topics may overlap. A batch may hold what was seen before; `infra.kafka.intake` sorts that out.
    `observe` sees each record as it comes in, where Faust tables may be changed. With `only`, records of other known
    types are not decoded, and come as `Passing`.
    """
    for name in topics:
        channel = app.topic(name, key_serializer="raw", value_serializer="raw")
        app.agent(channel, name=f"{name}.agent", concurrency=1)(
            _agent(name, group.heard, apply, observe, only)
        )


def _agent(
    name: str,
    heard: Heard,
    apply: Callable[[Batch], Awaitable[None]],
    observe: Callable[[Event], None] | None,
    only: frozenset[str] | None,
) -> Callable[["faust.StreamT[bytes]"], Awaitable[None]]:
    async def agent(stream: "faust.StreamT[bytes]") -> None:
        # Faust's own take_events wakes up every few milliseconds even when nothing comes, holds each event back for
        # up to that long, and acknowledges a batch whose body raised. So: everything that waits is the next batch.
        unacknowledging = stream.noack()
        waiting: deque[Event] = deque()
        arrived, room = asyncio.Event(), asyncio.Event()

        async def drain() -> None:
            while True:
                await arrived.wait()
                taken = [waiting.popleft() for _ in range(min(BATCH, len(waiting)))]
                if not waiting:
                    arrived.clear()
                room.set()
                batch = [decode(event.message, only) for event in taken]
                now = time.monotonic()
                for event, record in zip(taken, batch, strict=True):
                    position = record.event.position if isinstance(record, Received) else record.position
                    heard.hear((event.message.topic, event.message.partition), position or 0, now)
                await _until_applied(name, apply, batch)
                for event in taken:
                    await unacknowledging.ack(event)

        draining = asyncio.create_task(drain(), name=f"{name}.drain")
        try:
            events: AsyncIterator[Event] = unacknowledging.events()
            async for event in events:
                waiting.append(event)
                arrived.set()
                if observe is not None:
                    _observe(name, observe, event)
                while len(waiting) >= WAITING:
                    room.clear()
                    await room.wait()
        finally:
            draining.cancel()
            await asyncio.gather(draining, return_exceptions=True)

    return agent


def _observe(name: str, observe: Callable[[Event], None], event: Event) -> None:
    try:
        observe(event)
    except Exception:  # whatever is observed may be lost; raised here it would end the stream
        log.exception("%s: an event was not observed", name)


async def _until_applied(name: str, apply: Callable[[Batch], Awaitable[None]], batch: Batch) -> None:
    pause = 0.05
    while True:
        try:
            return await apply(batch)
        except AWAY as error:
            log.warning("%s: a store is away, trying again in %.2f s: %s", name, pause, error)
        except Exception:
            log.exception("%s: a batch of %d failed, trying again in %.2f s", name, len(batch), pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, SLOWEST_RETRY)


def decode(message: Message, only: frozenset[str] | None = None) -> Record:
    """The event of a record, or what is known of a record that is none, or of a type not among `only`."""
    headers = message.headers or []
    try:
        if only is not None and (passing := _passing(message, headers, only)):
            return passing
        if message.value is None:
            raise ValueError("no value")
        received = from_kafka(message.value, headers)
        place = (received.event.topic, received.event.partition)
        if place != (message.topic, message.partition):
            raise ValueError(f"the record belongs to {place}")
    except (ValueError, KeyError) as error:
        reason = f"{type(error).__name__}: {error}"
        log.error("record %s/%d/%d is broken: %s", message.topic, message.partition, message.offset, reason)
        try:
            position = position_of(headers)
        except (ValueError, KeyError):
            return Broken(message.topic, message.partition, None, reason)
        return Broken(message.topic, message.partition, position, reason)
    return received


def _passing(message: Message, headers: Iterable[tuple[str, bytes]], only: frozenset[str]) -> Passing | None:
    texts = dict(headers)
    type_name = texts["ce_type"].decode()
    if type_name in only or type_name not in CATALOGUE:
        return None
    place = int(texts["ce_position"]), int(texts["ce_previousposition"])
    return Passing(message.topic, message.partition, *place)
