"""`yeon parked`: looks at events that a consumer could not take, and has them taken up again or gives them up."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer
from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from rich.console import Console
from rich.table import Column, Table

from infra import redis
from infra.log import EventLog
from infra.postgres import pool as connect
from infra.push import publish
from infra.settings import settings
from projections.catalogue import VIEWS
from projections.parking import Waiting, ask_again, by_key, drop, release, waiting
from projections.queries.reading import Pool
from schemas.personal import written

app = typer.Typer(
    name="yeon parked",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Events that a consumer could not take, and behind each the later ones of its key.",
)
WAIT_SECONDS = 15.0
"""How long another process is given to try again."""
OF_VIEWS = {view.consumer: view for view in VIEWS.values()}
T = TypeVar("T")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
OfConsumer = Annotated[str | None, typer.Option("--consumer", help="Only of this one, such as view:rooms.")]
Consumer = Annotated[str, typer.Argument(help="Whose: view:rooms, matcher:rounds…; see `yeon parked list`.")]
OfKey = Annotated[UUID | None, typer.Option("--key", help="Only of this key (question, expert or user id).")]


@app.command("list")
def list_(consumer: OfConsumer = None, as_json: AsJson = False) -> None:
    """Say for each consumer and key what came first, why it is parked, and how many wait behind it."""
    found = _run(lambda pool: waiting(pool, consumer))
    if as_json:
        for events in by_key(found):
            print(_json({**asdict(events[0]), "behind": len(events) - 1}))
        return
    if not found:
        print("Nothing is parked.")
        return
    # The key whole, however narrow the window: it is what `release --key` and `drop` want.
    table = Table(
        "consumer", Column("key", min_width=36, no_wrap=True), "position", "behind", "since", "reason"
    )
    for first, *behind in by_key(found):
        since = first.parked_at.isoformat(timespec="seconds")
        table.add_row(
            first.consumer, str(first.key), str(first.position), str(len(behind)), since, first.reason
        )
    Console().print(table)


@app.command()
def show(
    position: Annotated[int, typer.Argument(help="Place of the event in the log.")],
    as_json: AsJson = False,
) -> None:
    """Show one parked event: who parked it and why, and what it says."""

    async def read(pool: Pool) -> tuple[list[Waiting], list[Any]]:
        return await waiting(pool, position=position), list(
            await EventLog(pool).read(position - 1, 1, position)
        )

    parked, events = _run(read)
    if not parked:
        _fail(f"Nothing is parked at position {position}.")
    said = {
        "position": position,
        "type": events[0].type if events else None,
        "at": events[0].meta.at if events else None,
        "parked": [{"consumer": one.consumer, "key": one.key, "reason": one.reason} for one in parked],
        "data": written(events[0].data) if events else None,
    }
    print(_json(said) if as_json else json.dumps(said, indent=2, ensure_ascii=False, default=str))


@app.command("release")
def release_(
    consumer: Annotated[str, typer.Argument(help="Whose: view:rooms, matcher:rounds…, or all.")],
    key: OfKey = None,
    as_json: AsJson = False,
) -> None:
    """Take up again what is parked, in order per key. Exit code 1 if something stays parked."""

    async def work(pool: Pool) -> list[Waiting]:
        names = {one.consumer for one in await waiting(pool)} if consumer == "all" else {consumer}
        for name in sorted(names):
            await _release_one(pool, name, key)
        left = await waiting(pool, None if consumer == "all" else consumer, key)
        return [one for one in left if one.consumer in names]

    left = _run(work)
    for events in by_key(left):
        first = events[0]
        if as_json:
            print(_json({**asdict(first), "behind": len(events) - 1}))
        else:
            print(
                f"{first.consumer}: still parked at {first.position}, key {first.key}, "
                f"{len(events) - 1} behind it: {first.reason}"
            )
    if left:
        raise typer.Exit(1)


@app.command("drop")
def drop_(
    consumer: Consumer,
    key: Annotated[UUID, typer.Argument(help="The key whose first parked event is given up.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Give up the first parked event of a key for one consumer, and take up those behind it."""
    found = _run(lambda pool: waiting(pool, consumer, key))
    if not found:
        _fail(f"{consumer} has nothing parked of key {key}.")
    if not yes:
        typer.confirm(
            f"{consumer} will never know position {found[0].position} ({found[0].reason}). Sure?", abort=True
        )

    async def work(pool: Pool) -> list[Waiting]:
        await drop(pool, consumer, key)
        await _release_one(pool, consumer, key)
        return await waiting(pool, consumer, key)

    left = _run(work)
    print(f"dropped position {found[0].position}; {len(left)} of this key are still parked")
    if left:
        raise typer.Exit(1)


async def _release_one(pool: Pool, consumer: str, key: UUID | None) -> None:
    if (view := OF_VIEWS.get(consumer)) is not None:
        applied = await release(pool, EventLog(pool), view, key)
        client = redis.connect(settings().redis_url, "parked")
        try:
            await publish(client, applied.pushes, applied.progress)
        finally:
            await client.aclose()
        return
    await ask_again(pool, consumer, key)
    deadline = time.monotonic() + WAIT_SECONDS
    while await _asked(pool, consumer):
        if time.monotonic() > deadline:
            _fail(
                f"The process that runs {consumer} did not try again within {WAIT_SECONDS:.0f} s: is it up?"
            )
        await asyncio.sleep(0.1)


async def _asked(pool: Pool, consumer: str) -> bool:
    async with pool.connection() as connection:
        found = await connection.execute(
            "SELECT count(*) FROM ops.parked WHERE consumer = %s AND again", (consumer,)
        )
        row = await found.fetchone()
    return bool(row and row[0])


def _run(work: Callable[[Pool], Awaitable[T]]) -> T:
    if not (url := settings().postgres_url):
        _fail("There is no PostgreSQL: start `yeon up`, or set YEON_POSTGRES_URL.")

    async def main() -> T:
        async with connect(url, "parked", most=2) as pool:
            return await work(pool)

    try:
        return asyncio.run(main())
    except (OperationalError, PoolTimeout) as error:
        _fail(f"PostgreSQL does not answer: {error}")
        raise


def _json(said: dict[str, Any]) -> str:
    return json.dumps(said, ensure_ascii=False, default=str)


def _fail(sentence: str) -> Any:
    typer.echo(sentence, err=True)
    raise typer.Exit(2)


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point."""
    app(args=arguments, prog_name="yeon parked")


if __name__ == "__main__":
    main()
