"""`yeon log export | verify`: the log as Parquet files, and whether they are still what was exported."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import orjson
import typer
from aiokafka.errors import KafkaError

from infra.kafka.access import Access
from infra.settings import settings
from streams.log.cli.options import Json, Since, Until, fail, moment, opened, positions
from streams.log.cli.progress import progress
from streams.log.export import manifest as manifests
from streams.log.export.manifest import ManifestUnusable
from streams.log.export.run import FromStore, LogIncomplete, Source
from streams.log.export.run import export as run
from streams.log.export.topics import FromKafka
from streams.log.filters import END

app = typer.Typer()


class Origin(StrEnum):
    """What is exported from."""

    store = "store"
    kafka = "kafka"


@app.command()
def export(
    out: Annotated[
        Path, typer.Option("--out", help="The directory; made if it is not there.", file_okay=False)
    ],
    since: Since = None,
    until: Until = None,
    origin: Annotated[
        Origin, typer.Option("--from", help="The event store, or the topics (without personal words).")
    ] = Origin.store,
    as_json: Json = False,
) -> None:
    """Parquet files of fixed ranges of positions, with a manifest; run again, only what is new is written."""
    began = time.monotonic()
    try:
        with (
            _source(origin, since, until) as (source, first, last),
            progress("export", max(0, last - first + 1)) as advanced,
        ):
            manifest, written = run(source, out, first, last, advanced)
    except (ManifestUnusable, LogIncomplete) as reason:
        fail(str(reason))
    except KafkaError as error:
        fail(f"Kafka does not answer: {error!r}")
    except OSError as error:
        fail(f"{out} cannot be written: {error.strerror or error}")
    seconds, events = time.monotonic() - began, sum(one.count for one in written)
    size = sum(file.bytes for one in written for file in (one.events, one.sealed) if file is not None)
    if as_json:
        figures = {"written": events, "segments": len(written), "bytes": size, "seconds": round(seconds, 3)}
        typer.echo(orjson.dumps({**figures, "last": manifest.last, "count": manifest.count}).decode())
        return
    typer.echo(
        f"{events:,} events written in {len(written)} segments ({size / 1e6:.1f} MB, {events / max(seconds, 1e-9):,.0f} "
        f"events/s); {out} now holds {manifest.count:,}, the last at position {manifest.last}"
    )


@app.command()
def verify(directory: Annotated[Path, typer.Argument(help="An export.")]) -> None:
    """Whether the files of an export are whole and unchanged; exit code 1 if not."""
    try:
        manifest = manifests.must_read(directory)
    except ManifestUnusable as reason:
        fail(str(reason))
    if found := manifests.faults(directory, manifest):
        fail("\n".join(found))
    typer.echo(f"{manifest.count:,} events in {len(manifest.segments)} segments are as they were exported")


@contextmanager
def _source(origin: Origin, since: str | None, until: str | None) -> Iterator[tuple[Source, int, int]]:
    """What to export from, and the range of positions."""
    if origin is Origin.store:
        with opened() as log:
            first, last = positions(log, since, until)
            yield FromStore(log), first, min(last, log.head())
        return
    if not settings().kafka_url:
        fail("There is no Kafka: start `yeon up`, or set YEON_KAFKA_URL.")
    begin, end = moment(since) if since else 1, moment(until) if until else END
    if not isinstance(begin, int) or not isinstance(end, int):
        raise typer.BadParameter("from Kafka, --since and --until are positions")
    with FromKafka(Access.of(settings())) as topics:
        yield topics, begin, min(end, _published() or topics.head())


def _published() -> int:
    """Where the relay stands, if the store is there to tell: partitions are written side by side, so that the last
    record of one may be there before those of others."""
    if not settings().postgres_url:
        return 0
    with opened() as log:
        return log.published()
