"""Start: how long each role takes to be of use after it was killed, on a short log and on one of a million events, and
the memory it has then. Parts of its own, the embedded broker; `--events` says how long the long log is.

The matcher takes in the short log by itself, and stands at the end of the long one from the beginning, as if it had: nobody
in these logs has an answer that it would remember, and thousands of open questions would be matched for half an hour."""

import argparse
import asyncio
import sys
import time
from pathlib import Path

from bench.site import ROLES, Site, laid_out
from bench.stack import say
from bench.world import World

SHORT = 20_000


async def _measure(site: Site, world: World, events: int) -> None:
    """Each role is killed and started again, with an event to do for those that do events."""

    async def of_use(role: str) -> None:
        match role:
            case "gateway":
                await site.until(lambda: site.answers(site.settings.http_port, "/readyz"))
            case "matcher":
                await site.until(lambda: site.answers(site.settings.matcher_port, "/healthz"))
            case "relay":
                await site.until(site.relayed)
            case _:
                await site.until(lambda: site.caught_up("view:%"))

    for number, role in enumerate(ROLES):
        site.kill(role)
        await world.expert(number)
        began = time.perf_counter()
        site.start(role)
        await of_use(role)
        seconds = round(time.perf_counter() - began, 2)
        await site.until(site.caught_up)
        say("start", role=role, events=events, seconds=seconds, memory_mb=site.memory_mb(role))


async def _run(
    events: int, seen_by: list[tuple[str, str]], kept: Path | None = None, *, only_lay_out: bool = False
) -> list[tuple[str, str]]:
    """Measures on a log of so many events, which these consumers have seen; the names of the matcher's."""
    async with laid_out(events, kept) as site, World(site.settings) as world:
        site.start("relay")  # alone first: published at full speed, a million events take a minute
        await site.until(site.relayed)
        if only_lay_out:
            return []
        site.have_seen(seen_by)
        for role in ROLES.keys() - {"relay"}:
            site.start(role)
        await world.expert(100)
        await site.until(lambda: site.answers(site.settings.matcher_port, "/healthz"))
        await site.until(site.caught_up)
        await _measure(site, world, events)
        return site.consumers("matcher%")


async def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.start")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, help="a directory for the long log, to be used again")
    parser.add_argument("--lay-out", action="store_true", help="only make the long log, and keep it")
    options = parser.parse_args(arguments or [])
    if options.lay_out:
        await _run(options.events, [], options.keep, only_lay_out=True)
        return
    await _run(options.events, await _run(SHORT, []), options.keep)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
