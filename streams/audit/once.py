"""`yeon audit`: compares the whole store, the topics and the views once, and says what the streams role has noticed."""

import asyncio
import json
import time
from dataclasses import asdict
from typing import Annotated, Any

import typer
from aiokafka.errors import KafkaError
from psycopg import AsyncConnection, OperationalError
from psycopg.rows import dict_row
from psycopg_pool import PoolTimeout
from rich.console import Console
from rich.table import Table

from infra.kafka.access import Access
from infra.kafka.tracking import read_published, read_tracking
from infra.log import EventLog
from infra.postgres import pool as connect
from infra.settings import Settings, settings
from projections.catalogue import VIEWS, consumers
from projections.comparing import Compared, ahead, compare, together
from projections.queries.reading import Pool
from projections.rebuild import RebuildRunning, differences
from schemas.topics import TOPICS
from streams.audit.live import MOST
from streams.audit.topics import compare_topics

app = typer.Typer(name="yeon audit", pretty_exceptions_enable=False, add_completion=False)
PATIENCE_SECONDS = 30.0
"""How long the views are given to reach what is published at the start."""


@app.command()
def audit(
    deep: Annotated[
        bool,
        typer.Option("--deep", help="Also build every view anew beside the live one, and compare all rows."),
    ] = False,
    topics: Annotated[
        bool, typer.Option("--topics/--no-topics", help="Read the topics, from end to end.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Compare the event store, the topics and the views. Exit code 1 if they differ, with the first position."""
    if not settings().postgres_url or not settings().kafka_url:
        _fail(
            "There is no PostgreSQL or no Kafka: start `yeon up`, or set YEON_POSTGRES_URL and YEON_KAFKA_URL."
        )
    try:
        upto, found, noticed = asyncio.run(_audit(settings(), deep=deep, topics=topics))
    except (OperationalError, PoolTimeout) as error:
        _fail(f"PostgreSQL does not answer: {error}")
    except (KafkaError, RebuildRunning, TimeoutError) as error:
        _fail(f"The audit could not be made: {error}")
    equal = all(one.equal for one in found) and not noticed
    if as_json:
        parts = [asdict(one) for one in found]
        said = {"equal": equal, "upto": upto, "parts": parts, "noticed": noticed}
        print(json.dumps(said, ensure_ascii=False, default=str))
    else:
        _print(upto, found, noticed)
    raise typer.Exit(0 if equal else 1)


async def _audit(
    given: Settings, *, deep: bool, topics: bool
) -> tuple[int, list[Compared], list[dict[str, Any]]]:
    async with connect(given.postgres_url, "audit", most=4) as pool:
        async with pool.connection() as connection:
            upto, published = await _settled(connection)
            found: list[Compared] = []
            for after in range(0, upto, MOST):
                found += await compare(connection, after, min(after + MOST, upto))
            found = together([*found, *await ahead(connection)])
            noticed = await _noticed(connection)
        log = EventLog(pool)
        if topics:
            found += await compare_topics(Access.of(given), log, published)
        if deep:
            found += await _deep(pool, log)
    return upto, found, noticed


async def _deep(pool: Pool, log: EventLog) -> list[Compared]:
    found = []
    for table, one in (await differences(pool, log, list(VIEWS.values()))).items():
        detail = "" if one.first is None else f"differs from one built anew, first at {one.first}"
        found.append(
            Compared(f"table {table}", one.wanted, one.found, None if one.first is None else 0, detail)
        )
    return found


async def _settled(connection: AsyncConnection[Any]) -> tuple[int, dict[tuple[str, int], int]]:
    """A head of the relay that every view has reached, and how far each partition was published then."""
    row = await (await connection.execute("SELECT position FROM ops.relay_head")).fetchone()
    published = await read_published(connection, list(TOPICS))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        reached = await read_tracking(connection, consumers())
        behind = [at for at, position in published.items() if reached.get(at, 0) < position]
        if not behind:
            return int(row[0]) if row else 0, published
        if time.monotonic() > deadline:
            raise TimeoutError(f"the views have not reached what is published in {behind}")
        await asyncio.sleep(0.1)


async def _noticed(connection: AsyncConnection[Any]) -> list[dict[str, Any]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute("SELECT part, position, detail, noticed_at FROM ops.differences ORDER BY part")
        return await cursor.fetchall()


def _print(upto: int, found: list[Compared], noticed: list[dict[str, Any]]) -> None:
    table = Table("part", "wanted", "found", "first difference", title=f"up to position {upto}")
    for one in found:
        first = "" if one.equal else f"at {one.position}: {one.detail}"
        table.add_row(one.part, str(one.wanted), str(one.found), first)
    Console().print(table)
    for known in noticed:
        when = f"{known['noticed_at']:%F %T}"
        print(f"noticed {when}: {known['part']} at {known['position']}: {known['detail']}")


def _fail(sentence: str) -> Any:
    typer.echo(sentence, err=True)
    raise typer.Exit(2)


if __name__ == "__main__":
    app(prog_name="yeon audit")
