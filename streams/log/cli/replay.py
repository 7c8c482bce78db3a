"""`yeon log replay`: what happened once more, into a sandbox, a file or standard output."""

import asyncio
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer
from aiokafka.errors import KafkaError

from infra.kafka.access import Access
from infra.settings import settings
from streams.log.cli.options import Since, Until, fail, opened, positions
from streams.log.cli.progress import progress
from streams.log.filters import Wanted
from streams.log.replay import Lines, NoSandbox, Pace, Sandbox, Sink, previous_positions
from streams.log.replay import replay as say_again
from streams.log.store import Store

app = typer.Typer()


@app.command()
def replay(
    to: Annotated[
        str,
        typer.Option("--to", help="`kafka:PREFIX` (topics PREFIX.yeon.…), a file for JSON lines, or `-`."),
    ] = "-",
    speed: Annotated[
        float, typer.Option(min=0, help="Times as fast as it happened; 0: as fast as it goes.")
    ] = 0,
    since: Since = None,
    until: Until = None,
) -> None:
    """Say a range of the log again, never to the live topics. Personal words are readable in it."""
    try:
        with opened() as log:
            first, last = positions(log, since, until)
            last = min(last, log.head())
            count = asyncio.run(_replay(log, first, last, to, speed))
    except NoSandbox as reason:
        fail(str(reason))
    except KafkaError as error:
        fail(f"Kafka does not answer: {error!r}")
    except OSError as error:
        fail(f"{to} cannot be written: {error.strerror or error}")
    typer.echo(f"{count:,} events were said again", err=True)


async def _replay(log: Store, first: int, last: int, to: str, speed: float) -> int:
    async with AsyncExitStack() as stack:
        sink: Sink
        if to.startswith("kafka:"):
            if not settings().kafka_url:
                fail("There is no Kafka: start `yeon up`, or set YEON_KAFKA_URL.")
            sink = await stack.enter_async_context(Sandbox(Access.of(settings()), to.removeprefix("kafka:")))
        elif to == "-":
            sink = Lines(sys.stdout)
        else:
            sink = Lines(stack.enter_context(Path(to).open("w", encoding="utf-8")))  # noqa: ASYNC230, SIM115
        advanced = stack.enter_context(progress("replay", max(0, last - first + 1)))
        events = log.events(Wanted(since=first, until=last))
        return await say_again(
            events, previous_positions(log, first), sink, Pace(speed, time.monotonic), advanced
        )
