"""`python -m matcher serve`: the matcher of this machine, with the real command port and the real views."""

import sys

from commands.application import Commands
from infra import postgres
from infra.kafka.process import run_process
from infra.settings import settings
from infra.telemetry import configure_logging
from matcher.application import serve
from projections.prepare import prepare
from projections.queries.experts import Features


async def _serve() -> None:
    async with postgres.pool(settings().postgres_url, "matcher-start") as pool:
        await prepare(pool)  # whichever role is first makes the views' tables
    commands = Commands(settings())
    await commands.start()
    try:
        await serve(settings(), commands, Features)
    finally:
        await commands.stop()


def main(arguments: list[str]) -> None:
    """Run the one thing there is to run."""
    if arguments != ["serve"]:
        raise SystemExit("usage: python -m matcher serve")
    configure_logging("matcher", settings())
    run_process(_serve)


if __name__ == "__main__":
    main(sys.argv[1:])
