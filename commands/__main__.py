"""`python -m commands seed`: make the demo people."""

import asyncio
import sys

from psycopg import OperationalError

from commands.application import Commands
from commands.seed import seed
from infra.postgres import prepare
from infra.settings import settings
from schemas.port import Unavailable


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
    try:
        print(f"{asyncio.run(_seed())} demo people are there.")
    except (Unavailable, OperationalError) as error:
        sys.exit(f"the demo people could not be made: {error}")


if __name__ == "__main__":
    main()
