"""`python -m commands seed`: make the demo people."""

import asyncio
import sys

from commands.application import Commands
from commands.seed import seed
from infra.postgres import prepare
from infra.settings import settings


async def _seed() -> int:
    prepare(settings().postgres_url)
    commands = Commands(settings())
    await commands.start()
    try:
        return await seed(commands)
    finally:
        await commands.stop()


def main() -> None:
    """Run the subcommand."""
    if sys.argv[1:] != ["seed"]:
        sys.exit("usage: python -m commands seed")
    print(f"{asyncio.run(_seed())} demo people are there.")


if __name__ == "__main__":
    main()
