"""`yeon log sql`: asks an export with SQL, or with a ready query."""

import csv
import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from infra.settings import settings
from schemas.events.question import QuestionAsked
from streams.log.cli.options import fail, opened
from streams.log.export.manifest import ManifestUnusable
from streams.log.sql.session import Answer, Session, SqlRefused, ready_queries, session

PIPED_COLUMNS = 240

app = typer.Typer()


@app.command()
def sql(
    query: Annotated[str | None, typer.Argument(help="SQL, or the name of a ready query.")] = None,
    directory: Annotated[Path, typer.Option("--in", help="The export.", file_okay=False)] = Path("export"),
    listing: Annotated[bool, typer.Option("--list", help="The ready queries and what they tell.")] = False,
    keys: Annotated[
        bool,
        typer.Option(
            "--keys/--no-keys", help="Join the keys of the event store: categories become readable."
        ),
    ] = True,
    all_words: Annotated[
        bool, typer.Option("--words", help="Also open every person's words, into the table words.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV with a header.")] = False,
) -> None:
    """Ask the exported events with SQL (DuckDB): views events, asked, questions, offers, answers, candidates."""
    ready = ready_queries()
    if listing or query is None:
        for one in ready.values():
            typer.echo(f"{one.name:<28} {one.description}")
        return
    try:
        with session(directory) as duck:
            if keys:
                join_keys(duck, all_words=all_words)
            answer = duck.ask(ready[query].sql if query in ready else query)
    except (ManifestUnusable, SqlRefused) as reason:
        fail(str(reason))
    if as_json:
        for row in answer.as_dicts():
            typer.echo(orjson.dumps(row, default=str).decode())
    elif as_csv:
        writer = csv.writer(sys.stdout)
        writer.writerows([answer.columns, *answer.rows])
    else:
        _print(answer)


def join_keys(duck: Session, *, all_words: bool = False) -> None:
    """Opens what the ready queries need, or all, with the keys of the store that the settings name, if they name one."""
    if settings().postgres_url:
        with opened() as log:
            duck.join_keys(log.read_keys, () if all_words else (QuestionAsked.TYPE,))


def _print(answer: Answer) -> None:
    table = Table(*answer.columns)
    for row in answer.rows:
        table.add_row(*("" if value is None else str(value) for value in row))
    # In a file or a pipe nothing is cut off: ids are there to be taken from it.
    Console(highlight=False, width=None if sys.stdout.isatty() else PIPED_COLUMNS).print(table)
