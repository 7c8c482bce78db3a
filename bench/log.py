"""Log: a made-up year into an empty store, and its export to Parquet: events a second, CPU and the memory it takes.

Each is a process of its own, as `yeon log` runs it, on a PostgreSQL of its own.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.stack import say
from infra.embedded import Postgres
from infra.embedded.ports import any_free
from infra.postgres import prepare


def _run(url: str, *arguments: str) -> tuple[dict[str, Any], dict[str, float]]:
    """What `yeon log` answered, and what it cost."""
    environment = {**os.environ, "YEON_POSTGRES_URL": url}
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "streams.log", *arguments, "--json"], env=environment, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    answer = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"yeon log {arguments[0]} failed")
    cost = {
        "seconds": round(time.perf_counter() - began, 1),
        "own_cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "memory_mb": round(usage.ru_maxrss / 1024, 1),
    }
    return json.loads(answer), cost


def _measure(questions: int) -> None:
    with tempfile.TemporaryDirectory(prefix="yeon-bench-") as directory:
        postgres = Postgres(Path(directory) / "postgres", any_free(), Path(directory) / "postgres.log")
        postgres.start()
        try:
            prepare(postgres.url)
            made, cost = _run(postgres.url, "make-up", "--questions", str(questions))
            say("log-make-up", events=made["position"], **cost)
            exported, cost = _run(postgres.url, "export", "--out", f"{directory}/export")
            say("log-export", events=exported["written"], megabytes=round(exported["bytes"] / 1e6, 1), **cost)
        finally:
            postgres.stop()


async def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.log")
    parser.add_argument("--questions", type=int, default=40_000)
    options = parser.parse_args(arguments or [])
    await asyncio.to_thread(_measure, options.questions)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
