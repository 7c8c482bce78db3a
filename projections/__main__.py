"""`python -m projections prepare | rebuild VIEW`: makes and rebuilds views by hand."""

import argparse
import asyncio
import logging
import sys
import time
from collections.abc import Sequence

from infra.log import EventLog
from infra.postgres import pool as connect
from infra.settings import settings
from projections.catalogue import VIEWS, View
from projections.prepare import prepare
from projections.queries.reading import Pool
from projections.rebuild import Rebuilding, RebuildRunning, rebuild


class _Reporter:
    """Says once a second how far a rebuild is."""

    def __init__(self) -> None:
        self._next = time.monotonic() + 1

    def __call__(self, state: Rebuilding) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + 1
            print(f"at position {state.position}, {state.rate:,.0f} events/s", flush=True)


async def _rebuild(pool: Pool, views: Sequence[View]) -> int:
    try:
        state = await rebuild(pool, EventLog(pool), views, report=_Reporter())
    except RebuildRunning as error:
        print(error, file=sys.stderr)
        return 1
    names = ", ".join(view.name for view in views)
    print(
        f"rebuilt {names}: {state.events} events at {state.rate:,.0f} events/s, {len(state.parked)} parked, "
        f"up to position {state.position}"
    )
    return 0


async def _run(arguments: argparse.Namespace) -> int:
    if not (url := settings().postgres_url):
        print("no PostgreSQL: start `yeon up`, or set YEON_POSTGRES_URL", file=sys.stderr)
        return 2
    async with connect(url, "projections") as pool:
        if arguments.what == "prepare":
            await prepare(pool)
            return 0
        views = list(VIEWS.values()) if arguments.view == "all" else [VIEWS[arguments.view]]
        return await _rebuild(pool, views)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m projections", description=__doc__)
    commands = parser.add_subparsers(dest="what", required=True)
    commands.add_parser("prepare", help="make the tables where they are missing")
    command = commands.add_parser("rebuild", help="make views anew from the event store")
    command.add_argument("view", choices=[*VIEWS, "all"])
    logging.basicConfig(level=settings().log_level.upper())
    sys.exit(asyncio.run(_run(parser.parse_args())))


if __name__ == "__main__":
    main()
