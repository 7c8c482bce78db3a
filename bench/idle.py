"""Idle sockets: what the gateway's process grows by for each, authenticated, joined to two rooms and present.

Everyone is another person; a room has five of them. The bare `websockets` server holds as many beside it, which have
said nothing at all.
"""

import argparse
import asyncio
import sys

import psutil

from bench.crowd.called import crowds
from bench.crowd.wire import Spec
from bench.fanout import listening
from bench.gateway_alone import gateway
from bench.peers.started import started
from bench.stack import say
from bench.tokens import Signer

SETTLE_SECONDS = 3.0
"""After the last socket is ready: presence is said, and what was needed to come in is given back."""
PROCESSES = 2
MEMBERS = 5


def _own(process: psutil.Process) -> int:
    """Memory that the process has for itself alone, in bytes."""
    uss: int = process.memory_full_info().uss
    return uss


async def _grown(who: str, process: psutil.Process, port: int, specs: list[Spec], warm: int) -> None:
    """Print what each of the sockets after the first `warm` took."""
    async with crowds(port, PROCESSES) as first, crowds(port, PROCESSES) as rest:
        await first.open(specs[:warm])
        await asyncio.sleep(SETTLE_SECONDS)
        before = _own(process)
        took = await rest.open(specs[warm:])
        await asyncio.sleep(SETTLE_SECONDS)
        grown = _own(process) - before
    sockets = len(specs) - warm
    say(
        "idle",
        server=who,
        sockets=sockets,
        kb_per_socket=round(grown / sockets / 1000, 2),
        process_mb=round((before + grown) / 1e6, 1),
        opened_in_seconds=round(took["seconds"], 2),
    )


async def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.idle")
    parser.add_argument("--sockets", type=int, default=4_000)
    parser.add_argument("--warm", type=int, default=500, help="opened before anything is measured")
    parser.add_argument("--only-ours", action="store_true")
    options = parser.parse_args(arguments or [])
    total = options.sockets + options.warm
    for flags in ((), ("--uvloop",)) if not options.only_ours else ():
        with started("bare", *flags) as peer:
            quiet = [Spec("/", (), "", 0, "-")] * total
            await _grown(" ".join(("websockets", *flags)), peer.process, peer.port, quiet, options.warm)
    async with gateway() as alone:
        tokens = Signer(alone.settings)
        pairs = await alone.world.pairs_of_rooms(total, MEMBERS)
        await alone.road.catch_up()
        specs = [listening(tokens, person, *rooms) for person, rooms in pairs.items()]
        await _grown("ours", alone.process, alone.port, specs, options.warm)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
