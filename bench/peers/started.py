"""A peer as a child process, until the block ends."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Peer:
    """A running peer."""

    port: int
    process: psutil.Process


@contextmanager
def started(*command: str) -> Iterator[Peer]:
    """`python -m bench.peers.COMMAND`, which prints its port and ends when its standard input does."""
    child = subprocess.Popen(
        [sys.executable, "-m", f"bench.peers.{command[0]}", *command[1:]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        line = child.stdout.readline()
        if not line:
            raise SystemExit(f"the peer {command[0]} did not start")
        yield Peer(int(line), psutil.Process(child.pid))
    finally:
        child.stdin.close()
        child.stdout.close()
        child.wait(20)


def cpu_seconds(process: psutil.Process) -> float:
    """CPU time of the process so far, in the kernel on its behalf included."""
    times = process.cpu_times()
    return times.user + times.system
