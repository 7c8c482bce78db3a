"""`yeon report`: the ready queries and their charts as one HTML page."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from streams.log.cli.options import fail, opened
from streams.log.cli.progress import progress
from streams.log.cli.sql import join_keys
from streams.log.export import manifest as manifests
from streams.log.export.manifest import ManifestUnusable
from streams.log.export.run import FromStore, LogIncomplete, export
from streams.log.report import report as page_of
from streams.log.sql.session import SqlRefused, session

app = typer.Typer()


@app.command()
def report(
    out: Annotated[Path, typer.Option("--out", help="The page.", dir_okay=False)] = Path("report.html"),
    directory: Annotated[
        Path | None, typer.Option("--in", help="An export; by default the store is exported for it.")
    ] = None,
    keys: Annotated[
        bool, typer.Option("--keys/--no-keys", help="Join keys: categories become readable.")
    ] = True,
) -> None:
    """One HTML page with charts: times, acceptance, the funnel, who is overloaded, what lacks experts."""
    try:
        if directory is not None:
            _write(out, directory, keys)
        else:
            with tempfile.TemporaryDirectory(prefix="yeon-report-") as temporary:
                _export(Path(temporary))
                _write(out, Path(temporary), keys)
    except (ManifestUnusable, LogIncomplete, SqlRefused) as reason:
        fail(str(reason))
    except OSError as error:
        fail(f"{out} cannot be written: {error.strerror or error}")
    typer.echo(f"{out} is written")


def _export(directory: Path) -> None:
    with opened() as log:
        head = log.head()
        if not head:
            fail("The log is empty: there is nothing to report.")
        with progress("export", head) as advanced:
            export(FromStore(log), directory, 1, head, advanced)


def _write(out: Path, directory: Path, keys: bool) -> None:
    with session(directory) as duck:
        if keys:
            join_keys(duck)
        out.write_text(page_of(duck, manifests.must_read(directory)), encoding="utf-8")
