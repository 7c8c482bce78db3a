"""`yeon up` as a person uses it: ready, mended, seen by the doctor, and gone without a trace however it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from infra.embedded.ports import any_free
from infra.up import ROLES

PARTS = ("/bin/postgres -D", "noida-db start", "valkey-server")
pytestmark = pytest.mark.timeout(240)


def until(condition: Callable[[], bool], seconds: float, what: Callable[[], str]) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what()
        time.sleep(0.05)


class Up:
    """One data directory, and the `yeon up` that runs on it at the moment."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._ports = {name: any_free() for name in ("YEON_HTTP_PORT", "YEON_WS_PORT", "YEON_MATCHER_PORT")}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("YEON_")}
        chosen = {name: str(port) for name, port in self._ports.items()}
        self.environment = inherited | chosen | {"YEON_DATA_DIR": str(directory)}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self._directory / "said").open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "infra.cli", "up", "--no-demo"],
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until(self.ready, 90, self.said)

    def said(self) -> str:
        return (self._directory / "said").read_text()

    def ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.said()
        try:
            found = [self._ports[name] for name in ("YEON_HTTP_PORT", "YEON_MATCHER_PORT")]
            return all(httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200 for port in found)
        except httpx.TransportError:
            return False

    def running(self) -> list[psutil.Process]:
        """Every process below it."""
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def of(self, words: str) -> psutil.Process:
        """Its child that runs `words`."""
        assert self.process is not None
        for child in psutil.Process(self.process.pid).children():
            if words in " ".join(child.cmdline()):
                return child
        raise AssertionError(f"nothing runs {words}")

    def runs(self, words: str) -> bool:
        try:
            self.of(words)
        except (AssertionError, psutil.NoSuchProcess):
            return False
        return True

    def doctor(self) -> tuple[int, dict[str, object]]:
        command = [sys.executable, "-m", "infra.cli", "doctor", "--json"]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout)

    def end(self, how: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(30)


def left_of(processes: list[psutil.Process]) -> list[str]:
    found = []
    for process in processes:
        try:
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
        except psutil.NoSuchProcess:
            continue
    return found


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    one = Up(tmp_path)
    yield one
    if one.process is not None and one.process.poll() is None:
        one.end(signal.SIGINT)


def test_it_mends_what_is_killed_and_leaves_nothing_behind(up: Up) -> None:
    up.start()

    code, findings = up.doctor()
    assert (code, findings["healthy"], findings["parked"]) == (0, True, 0), findings

    modules = [f"-m {' '.join(arguments)}" for arguments in ROLES.values()]
    for words in (*PARTS, *modules):
        victim = up.of(words)
        victim.kill()
        until(lambda victim=victim, words=words: not left_of([victim]) and up.runs(words), 20, up.said)
    until(lambda: up.ready() and up.doctor()[0] == 0, 60, up.said)

    running = up.running()
    up.end(signal.SIGKILL)
    until(lambda: not left_of(running), 20, lambda: "\n".join(left_of(running)))

    up.start()
    running = up.running()
    assert up.end(signal.SIGINT) == 0
    assert left_of(running) == []
    assert "Traceback" not in up.said()
