"""A whole `yeon up` of its own for a benchmark, with what its processes cost."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from infra.embedded.child import with_parent

WORDS = {
    "gateway": "-m gateway",
    "relay": "-m streams relay",
    "streams": "-m streams worker",
    "matcher": "-m matcher",
    "broker": "noida-db",
    "postgres": "postgres",
    "valkey": "valkey-server",
    "supervisor": "infra.cli",
}


@dataclass(frozen=True)
class Running:
    """A running stack."""

    pid: int
    data_dir: Path
    http: str
    ws: str
    environment: dict[str, str]

    def _by_role(self) -> dict[str, list[psutil.Process]]:
        root = psutil.Process(self.pid)
        found: dict[str, list[psutil.Process]] = {}
        for process in [root, *root.children(recursive=True)]:
            try:
                line = " ".join(process.cmdline())
            except psutil.NoSuchProcess:
                continue
            role = next((role for role, words in WORDS.items() if words in line), "other")
            found.setdefault(role, []).append(process)
        return found

    def wait_until_caught_up(self, seconds: float = 180.0) -> None:
        """Until every view and the matcher's index stand at the end of the log."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            parts = httpx.get(f"{self.http}/readyz", timeout=5).json()["parts"]
            views = parts["views"]
            if parts["matcher"]["ok"] and views["ok"] and not any(lag["behind"] for lag in views["lag"]):
                return
            time.sleep(0.1)
        raise SystemExit(f"views and index did not catch up within {seconds:.0f} s")

    def cpu_seconds(self) -> dict[str, float]:
        """CPU time so far, by role, of the processes that live."""
        return {
            role: sum(p.cpu_times().user + p.cpu_times().system for p in processes if p.is_running())
            for role, processes in self._by_role().items()
        }

    def memory_mb(self) -> dict[str, float]:
        """Proportional set size by role, in MB (shared pages are counted once over all)."""
        return {
            role: round(sum(p.memory_full_info().pss for p in processes) / 1e6, 1)
            for role, processes in self._by_role().items()
        }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(**settings: str) -> Iterator[Running]:
    """`yeon up --no-demo` in a temporary directory, without limits, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="yeon-bench-") as directory:
        http_port, ws_port, matcher_port = _free_port(), _free_port(), _free_port()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("YEON_")} | {
            "YEON_DATA_DIR": directory,
            "YEON_HTTP_PORT": str(http_port),
            "YEON_WS_PORT": str(ws_port),
            "YEON_MATCHER_PORT": str(matcher_port),
            "YEON_LIMIT_MESSAGES": "1000000/second",
            "YEON_LIMIT_FRAMES": "1000000/second",
            "YEON_LIMIT_QUESTIONS": "1000000/second",
            "YEON_LIMIT_REGISTRATIONS": "1000000/second",
            **settings,
        }
        log = Path(directory) / "bench-up.txt"
        with log.open("wb") as output:
            process = subprocess.Popen(
                with_parent([sys.executable, "-m", "infra.cli", "up", "--no-demo"]),
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            http = f"http://127.0.0.1:{http_port}"
            began = time.monotonic()
            while not _ready(http):
                if process.poll() is not None or time.monotonic() - began > 90:
                    raise SystemExit(f"the stack did not start: {log.read_text()[-2000:]}")
                time.sleep(0.05)
            yield Running(process.pid, Path(directory), http, f"ws://127.0.0.1:{ws_port}", environment)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def _ready(http: str) -> bool:
    try:
        found = httpx.get(f"{http}/readyz", timeout=5).json()
        return bool(found["status"] == "ready" and found["parts"]["matcher"]["ok"])
    except httpx.TransportError:
        return False


def percentiles(values: list[float]) -> dict[str, float]:
    """p50, p90 and p99 of `values` (seconds), in milliseconds."""
    ordered = sorted(values)
    return {
        f"p{p}": round(ordered[min(len(ordered) - 1, int(len(ordered) * p / 100))] * 1000, 2)
        if ordered
        else 0.0
        for p in (50, 90, 99)
    }


def say(benchmark: str, **figures: object) -> None:
    """One JSON object on a line of its own."""
    print(json.dumps({"benchmark": benchmark, **figures}, ensure_ascii=False), flush=True)
