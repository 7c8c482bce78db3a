"""`yeon rebuild`: makes anew whatever can be made from the event store, beside the living, and waits until it is there.

Views are built beside the live ones and put in their place in one transaction. Topics are deleted and
their generation raised in the relay's place, which then publishes the whole log again, while commands go on. The matcher's index
is filled again by the matcher. Redis holds nothing that is not made again by itself.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

import typer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from psycopg import AsyncConnection, OperationalError
from psycopg_pool import PoolTimeout
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from infra.kafka.access import Access
from infra.kafka.generations import raise_generation
from infra.log import EventLog
from infra.postgres import pool as connect
from infra.settings import Settings, settings
from projections.catalogue import VIEWS, View
from projections.queries.reading import Pool
from projections.rebuild import BATCH, Rebuilding, RebuildRunning, rebuild
from schemas.topics import EXPERTS, TOPICS
from streams.relay.ledger import LOCK as RELAY_LOCK

app = typer.Typer(name="yeon rebuild", pretty_exceptions_enable=False, add_completion=False)
CHOICES = [*VIEWS, "all", "topics", "index", "everything"]
_INDEXES = ["matcher:index:%", "matcher:answers:%", "matcher:archive:%"]
"""Whose positions say how far the matcher's indexes are."""
STILL_SECONDS = 60.0
"""How long the relay or the matcher may stand still before we say that it does."""


class Stands(Exception):
    """What has to do the work does not; the message is a sentence for a person."""


@app.command()
def main(
    what: Annotated[str, typer.Argument(help=f"One of {', '.join(CHOICES)}; all means all views.")],
    batch: Annotated[int, typer.Option(help="Events written at once, for views.", min=1)] = BATCH,
) -> None:
    """Make views, topics or the index anew from the event store, while everything goes on."""
    if what not in CHOICES:
        _fail(f"There is no {what} to rebuild; it is one of {', '.join(CHOICES)}.")
    if not settings().postgres_url:
        _fail("There is no PostgreSQL: start `yeon up`, or set YEON_POSTGRES_URL.")
    try:
        asyncio.run(_rebuild(settings(), what, batch))
    except (RebuildRunning, Stands) as reason:
        _fail(str(reason))
    except (OperationalError, PoolTimeout) as error:
        _fail(f"PostgreSQL does not answer: {error}")
    except (KafkaError, TimeoutError) as error:
        _fail(f"Kafka did not do it: {error!r}")


async def _rebuild(given: Settings, what: str, batch: int) -> None:
    async with connect(given.postgres_url, "rebuild", most=4) as pool:
        if what == "everything":
            await _follow_the_store(pool)
        if what in VIEWS:
            await _views(pool, [VIEWS[what]], batch)
        if what in ("all", "everything"):
            await _views(pool, list(VIEWS.values()), batch)
        if what in ("topics", "everything"):
            await _topics(pool, given)
        if what in ("index", "everything"):
            await _index(pool)


async def _views(pool: Pool, views: Sequence[View], batch: int) -> None:
    log = EventLog(pool)
    head = await log.head()
    with _bar() as bar:
        task = bar.add_task("views", total=head, rate="")

        def report(state: Rebuilding) -> None:
            bar.update(task, completed=min(state.position, head), rate=f"{state.rate:,.0f} events/s")

        state = await rebuild(pool, log, views, batch=batch, report=report)
        bar.update(task, completed=head)
    names = ", ".join(view.name for view in views)
    print(
        f"rebuilt {names}: {state.events} events at {state.rate:,.0f} events/s, {len(state.parked)} parked, "
        f"up to position {state.position}"
    )
    await _forget_differences(pool, [view.consumer for view in views])


async def _topics(pool: Pool, given: Settings) -> None:
    if not given.kafka_url:
        raise Stands("There is no Kafka: start `yeon up`, or set YEON_KAFKA_URL.")
    head = await EventLog(pool).head()
    began = time.monotonic()
    async with await AsyncConnection.connect(given.postgres_url, autocommit=True) as connection:
        await _take_the_relays_place(connection)
        await delete_topics(given)
        async with connection.transaction():
            for topic in TOPICS:
                await raise_generation(connection, topic)
            await connection.execute("DELETE FROM ops.relay_checkpoints")
            await connection.execute("UPDATE ops.relay_head SET position = 0")
    # With the connection the lock is gone: a relay takes over, makes the topics and publishes from the beginning.

    async def published() -> int:
        return await _number(pool, "SELECT position FROM ops.relay_head")

    await _until("topics", published, head, "the relay does not publish: is `yeon relay` running?")
    rate = head / max(time.monotonic() - began, 1e-9)
    print(f"rebuilt topics: {head} events at {rate:,.0f} events/s")
    await _forget_differences(pool, ["topics"])


async def _take_the_relays_place(connection: AsyncConnection[Any]) -> None:
    """Hold the lock of the active relay, whose own connection is ended: it stands by then, and publishes nothing."""
    holding = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
    place = " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    number = " AND (classid::bigint << 32 | objid::bigint) = %s AND objsubid = 1"
    async with asyncio.timeout(STILL_SECONDS):
        while True:
            found = await connection.execute("SELECT pg_try_advisory_lock(%s)", (RELAY_LOCK,))
            row = await found.fetchone()
            if row is not None and row[0]:
                return
            await connection.execute((holding + place + number).encode(), (RELAY_LOCK,))
            await asyncio.sleep(0.02)


async def delete_topics(given: Settings) -> None:
    """Return once no topic of ours is there with all its partitions: a broker may have made one again, with fewer,
    since a client asked for it. The relay that was sent away may still be making them; those are deleted as well."""
    admin = AIOKafkaAdminClient(**Access.of(given).client(), request_timeout_ms=10_000)
    await admin.start()
    try:
        unwanted = [name for name in TOPICS if name in set(await admin.list_topics())]
        async with asyncio.timeout(STILL_SECONDS):
            while unwanted:
                await admin.delete_topics(unwanted)
                await asyncio.sleep(0.05)
                unwanted = [
                    topic["topic"]
                    for topic in await admin.describe_topics(list(TOPICS))
                    if len(topic["partitions"]) >= TOPICS[topic["topic"]].partitions
                ]
    finally:
        await admin.close()


async def _follow_the_store(pool: Pool) -> None:
    """After an older backup was restored, what other consumers had applied beyond its end is not in it."""
    async with pool.connection() as connection:
        await connection.execute(
            "UPDATE ops.tracking SET position = least(position, (SELECT position FROM store.log_head))"
            " WHERE consumer NOT LIKE 'view:%'"
        )
        await connection.execute(
            "UPDATE ops.webhook_progress SET position = least(position, (SELECT position FROM store.log_head))"
        )
        await connection.execute(
            "DELETE FROM ops.webhook_queue WHERE position > (SELECT position FROM store.log_head)"
        )


async def _index(pool: Pool) -> None:
    async with pool.connection() as connection:
        forgotten = await connection.execute(
            "DELETE FROM ops.tracking WHERE consumer LIKE ANY(%s)", (_INDEXES,)
        )
        wanted = forgotten.rowcount

    async def filled() -> int:
        async with pool.connection() as connection:
            found = await connection.execute(
                "SELECT count(*) FROM ops.tracking WHERE consumer LIKE ANY(%s)", (_INDEXES,)
            )
            row = await found.fetchone()
        return int(row[0]) if row else 0

    least = TOPICS[EXPERTS].partitions
    await _until("index", filled, max(wanted, least), "the matcher does not fill it: is it running?")
    print("rebuilt the indexes of experts, of answers and of the archive")


async def _until(name: str, reached: Callable[[], Awaitable[int]], wanted: int, standing: str) -> None:
    """Show how far it is until `reached` gives `wanted`. Raises `Stands` if it does not move."""
    with _bar() as bar:
        task = bar.add_task(name, total=wanted, rate="")
        last, moved = -1, time.monotonic()
        while (now := await reached()) < wanted:
            if now != last:
                last, moved = now, time.monotonic()
                bar.update(task, completed=max(0, now))
            if time.monotonic() - moved > STILL_SECONDS:
                raise Stands(f"After {STILL_SECONDS:.0f} s without a move, {standing}")
            await asyncio.sleep(0.1)
        bar.update(task, completed=wanted)


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    return Progress(
        *columns, TextColumn("{task.fields[rate]}"), TimeElapsedColumn(), console=Console(stderr=True)
    )


async def _number(pool: Pool, statement: str) -> int:
    async with pool.connection() as connection:
        row = await (await connection.execute(statement.encode())).fetchone()
    return int(row[0]) if row else 0


async def _forget_differences(pool: Pool, parts: Sequence[str]) -> None:
    async with pool.connection() as connection:
        await connection.execute("DELETE FROM ops.differences WHERE part = ANY(%s)", (list(parts),))


def _fail(sentence: str) -> Any:
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


if __name__ == "__main__":
    app(prog_name="yeon rebuild")
