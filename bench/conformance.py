"""Conformance with RFC 6455 and RFC 7692 by the `kosoku` suite: our gateway's WebSocket beside the bare server's.

The suite's servers say back what they hear, so it meets the gateway's options and way out, without its sessions.
"""

import argparse
import asyncio
import contextlib
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
PROTOCOL = tuple(f"{chapter}.*" for chapter in (1, 2, 3, 4, 5, 6, 7, 10))
COMPRESSION = tuple(
    f"{chapter}.{part}.*" for chapter, parts in ((12, 5), (13, 7)) for part in range(1, parts + 1)
)
"""Each part is its own run: a thousand messages of each length."""
COSTLY = tuple(f"1[23].*.{length}" for length in (7, 8, 9, 10, *range(12, 19)))
"""The thousand messages of 16 KB to 128 KB, up to 14 s of the suite's own time each."""
FINE = frozenset({"OK", "NON-STRICT", "INFORMATIONAL"})


def judged(
    *flags: str,
    only: Sequence[str],
    leaving_out: Sequence[str] = (),
    at_once: int = AT_ONCE,
    seconds: float = 600,
) -> dict[str, str]:
    """The suite's word on each case (`OK`, `NON-STRICT`, `FAILED`, …) of the echoing server started with `flags`; on none if
    it did not end within so many seconds."""
    chosen = [word for case in only for word in ("-i", case)]
    chosen += [word for case in leaving_out for word in ("-x", case)]
    with tempfile.TemporaryDirectory(prefix="yeon-kosoku-") as directory, started("echo", *flags) as peer:
        suite = str(Path(sys.executable).with_name("kosoku"))
        command = [suite, "-p", str(at_once), "-o", directory, *chosen, f"127.0.0.1:{peer.port}"]
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(command, check=False, capture_output=True, timeout=seconds)
        told = Path(directory) / "index.json"
        if not told.exists():
            return {}
        (cases,) = json.loads(told.read_text()).values()
    return {case: said["behavior"] for case, said in cases.items()}


async def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.conformance")
    parser.add_argument("--costly", action="store_true", help="with the longest messages of compression too")
    parser.add_argument("--seconds", type=float, default=120.0, help="for each part, at most")
    options = parser.parse_args(arguments or [])
    left_out = () if options.costly else COSTLY
    told: dict[str, object] = {}
    for who, flags in (("websockets", ()), ("ours", ("--ours",))):
        found, unended = dict[str, str](), list[str]()
        for part, at_once in ((PROTOCOL, AT_ONCE), *(((one,), 2) for one in COMPRESSION)):
            words = await asyncio.to_thread(
                judged, *flags, only=part, leaving_out=left_out, at_once=at_once, seconds=options.seconds
            )
            found |= words
            unended += () if words else part
        counts = Counter(found.values())
        told |= {f"{who}_ok": counts["OK"], f"{who}_counts": counts, f"{who}_not_ended": unended}
        told[f"{who}_not_fine"] = sorted(case for case, word in found.items() if word not in FINE)
    say("conformance", cases=len(found), **told)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
