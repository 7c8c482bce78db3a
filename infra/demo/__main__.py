"""`python -m infra.demo bots`: the demo experts who answer by themselves, all in this process."""

import asyncio
import sys

from infra.demo.bots import run_bots
from infra.settings import settings
from infra.telemetry import configure_logging


def main(arguments: list[str]) -> None:
    """Run the one thing there is to run."""
    if arguments != ["bots"]:
        raise SystemExit("usage: python -m infra.demo bots")
    configure_logging("bots", settings())
    asyncio.run(run_bots(settings()))


if __name__ == "__main__":
    main(sys.argv[1:])
