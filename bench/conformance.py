"""Conformance with RFC 6455 and RFC 7692 by the `kosoku` suite: our gateway's WebSocket beside the bare server's.

The suite's servers say back what they hear, so it meets the gateway's options and way out, without its sessions.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bench.peers.started import started
from bench.stack import say

AT_ONCE = 16
COSTLY = ("9.*",)
"""Not of conformance but of speed: messages of up to 16 MB."""
FINE = frozenset({"OK", "NON-STRICT", "INFORMATIONAL"})


def judged(*flags: str, only: Sequence[str] = (), leaving_out: Sequence[str] = ()) -> dict[str, str]:
    """The suite's word on each case (`OK`, `NON-STRICT`, `FAILED`, …) of the echoing server started with `flags`."""
    chosen = [word for case in only for word in ("-i", case)]
    chosen += [word for case in leaving_out for word in ("-x", case)]
    with tempfile.TemporaryDirectory(prefix="yeon-kosoku-") as directory, started("echo", *flags) as peer:
        command = [
            str(Path(sys.executable).with_name("kosoku")),
            "-p",
            str(AT_ONCE),
            "-o",
            directory,
            *chosen,
        ]
        subprocess.run([*command, f"127.0.0.1:{peer.port}"], check=False, stdout=subprocess.DEVNULL)
        (cases,) = json.loads((Path(directory) / "index.json").read_text()).values()
    return {case: told["behavior"] for case, told in cases.items()}


async def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.conformance")
    parser.add_argument("--leave-out", nargs="*", default=COSTLY, help="cases, with `*`")
    options = parser.parse_args(arguments or [])
    for who, flags in (("websockets", ()), ("ours", ("--ours",))):
        found = await asyncio.to_thread(judged, *flags, leaving_out=options.leave_out)
        failed = sorted(case for case, word in found.items() if word not in FINE)
        say("conformance", server=who, cases=len(found), **Counter(found.values()), not_fine=failed)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
