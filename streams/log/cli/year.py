"""`yeon log make-up`: a believable year into an empty store. The one place here that knows the write side."""

from datetime import UTC, datetime
from typing import Annotated

import orjson
import psycopg
import typer

from commands.bulk import Bulk, StoreNotEmpty
from commands.rules import rules_of
from infra.settings import settings
from streams.log.cli.options import Json, fail
from streams.log.cli.progress import progress
from streams.log.year.simulation import Size, Year

app = typer.Typer()


@app.command("make-up")
def make_up(
    seed: Annotated[int, typer.Option(help="The same seed makes the same events.")] = 1,
    questions: Annotated[
        int, typer.Option(min=1, help="How many are asked; each comes to about 33 events.")
    ] = 40_000,
    askers: Annotated[int, typer.Option(min=1)] = 4_000,
    experts: Annotated[int, typer.Option(min=1)] = 400,
    days: Annotated[int, typer.Option(min=1)] = 365,
    start: Annotated[datetime, typer.Option(help="The first day.", formats=["%Y-%m-%d"])] = datetime(
        2025, 1, 1
    ),
    as_json: Json = False,
) -> None:
    """A made-up year through the real rules, into an empty event store: for trying things at a real size."""
    if not settings().postgres_url:
        fail("There is no PostgreSQL: start `yeon up`, or set YEON_POSTGRES_URL.")
    size = Size(start.replace(tzinfo=UTC), days, askers, experts, questions)
    try:
        with (
            Bulk(settings().postgres_url, rules_of(settings())) as writer,
            progress("make up", questions, "questions/s") as advanced,
        ):
            for asked in Year(writer, size, seed).run():
                advanced(asked)
    except StoreNotEmpty as reason:
        fail(str(reason))
    except psycopg.errors.UndefinedTable:
        fail("That PostgreSQL has no event log yet: run `yeon prepare`, or `yeon up`.")
    except psycopg.OperationalError as error:
        fail(f"PostgreSQL does not answer: {str(error).strip()}")
    if as_json:
        typer.echo(orjson.dumps({"position": writer.position, "questions": questions}).decode())
    else:
        typer.echo(f"{writer.position:,} events; make the views anew with `yeon rebuild all`")
