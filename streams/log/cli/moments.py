"""`yeon log as-of | diff`: the views as they stood, and what changed between two moments."""

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from infra.embedded import PartFailed
from projections.tables import TABLES
from streams.log.asof.build import build
from streams.log.asof.difference import Difference, NoMoment, compared
from streams.log.cli.options import fail, moment, opened
from streams.log.cli.progress import progress
from streams.log.store import Store

app = typer.Typer()


@app.command("as-of")
def as_of(
    at: Annotated[
        str, typer.Argument(metavar="POSITION|TIME", help="A position, or a time (ISO 8601, UTC).")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="The DuckDB file; default as-of-POSITION.duckdb.")
    ] = None,
) -> None:
    """Every view as it stood then, in a DuckDB file; the same contents for the same position, always."""
    with opened() as log:
        position = _position(log, at)
        path = out or Path(f"as-of-{position}.duckdb")
        (digest,) = _build(log, [(position, path)])
    typer.echo(f"{path} holds the views as of position {position}; SHA-256 of its contents {digest}")


@app.command()
def diff(
    first: Annotated[str, typer.Argument(metavar="A", help="A position, a time, or a file of `as-of`.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Likewise.")],
    view: Annotated[
        str | None, typer.Option("--table", help="List the rows of this table that differ.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Counts as JSON; with --table, JSON lines.")
    ] = False,
) -> None:
    """What changed in the views between two moments."""
    if view is not None and view not in TABLES:
        raise typer.BadParameter(f"there is no table {view!r}; there are {', '.join(TABLES)}")
    with tempfile.TemporaryDirectory(prefix="yeon-diff-") as directory:
        paths = _files(first, second, Path(directory))
        try:
            with compared(*paths) as difference:
                _print(difference, view, as_json)
        except NoMoment as reason:
            fail(str(reason))


def _files(first: str, second: str, directory: Path) -> tuple[Path, Path]:
    """The files of two moments, those that are not there yet made in `directory`."""
    if Path(first).is_file() and Path(second).is_file():
        return Path(first), Path(second)
    found: list[Path] = []
    with opened() as log:
        wanted = []
        for side, text in (("a", first), ("b", second)):
            if Path(text).is_file():
                found.append(Path(text))
                continue
            found.append(directory / f"{side}.duckdb")
            wanted.append((_position(log, text), found[-1]))
        _build(log, sorted(wanted))
    return found[0], found[1]


def _position(log: Store, text: str) -> int:
    at = moment(text)
    position = at if isinstance(at, int) else log.position_at(at)
    if position > (head := log.head()):
        fail(f"The log ends at position {head}.")
    return position


def _build(log: Store, moments: list[tuple[int, Path]]) -> list[str]:
    try:
        with progress("as of", max(position for position, _ in moments)) as advanced:
            return asyncio.run(build(log, moments, advanced))
    except PartFailed as reason:
        fail(f"The throwaway PostgreSQL did not start: {reason}")
    except OSError as error:
        fail(f"The file cannot be written: {error.strerror or error}")


def _print(difference: Difference, view: str | None, as_json: bool) -> None:
    if view is not None:
        for change in difference.changes(view):
            if as_json:
                typer.echo(orjson.dumps(change).decode())
            else:
                key = " ".join(f"{name}={value}" for name, value in change.key.items())
                names = change.before.keys() | change.after.keys()
                pairs = (f"{n}: {change.before.get(n)} → {change.after.get(n)}" for n in sorted(names))
                typer.echo(
                    f"{change.kind:<8} {key}  " + ("; ".join(pairs) if change.kind == "changed" else "")
                )
        return
    counts = difference.counts()
    if as_json:
        typer.echo(orjson.dumps(counts).decode())
        return
    table = Table("table", "added", "removed", "changed")
    for name, one in counts.items():
        table.add_row(name, str(one["added"]), str(one["removed"]), str(one["changed"]))
    Console().print(table)
