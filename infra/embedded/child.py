"""A child process with a log file that ends when we end, even if we are killed.

The kernel ties a child's end to the *thread* that started it, so start children from the main thread.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launch.py")


@dataclass(frozen=True, slots=True)
class Owner:
    """The system user a child runs as."""

    uid: int
    gid: int


def with_parent(
    command: Sequence[str],
    orphan_signal: signal.Signals = signal.SIGTERM,
    owner: Owner | None = None,
) -> list[str]:
    """What to start instead of `command` (its program an absolute path), so that it gets `orphan_signal` when the
    process that starts it is gone. It keeps the process id."""
    owner = owner or Owner(-1, -1)
    launcher = [sys.executable, "-I", "-S", str(LAUNCHER)]
    return [*launcher, str(os.getpid()), str(int(orphan_signal)), str(owner.uid), str(owner.gid), *command]


class Child:
    """One running program. Its output is appended to `log`; it is in a session of its own, so a Ctrl-C on the
    terminal reaches only us and we decide the order of ending. It holds the descriptors `keep_open` as long as
    it runs."""

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        *,
        env: Mapping[str, str] | None = None,
        owner: Owner | None = None,
        orphan_signal: signal.Signals = signal.SIGTERM,
        keep_open: Sequence[int] = (),
    ) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                with_parent(command, orphan_signal, owner),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=None if env is None else {**os.environ, **env},
                start_new_session=True,
                pass_fds=keep_open,
            )
        self.log = log

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative for the signal that ended it."""
        return self._process.poll()

    @property
    def alive(self) -> bool:
        return self.exit_code is None

    def send(self, number: signal.Signals) -> None:
        """Sends a signal; a child that has ended already is left alone."""
        if self.alive:
            self._process.send_signal(number)

    def wait(self, seconds: float) -> bool:
        """Whether it has ended within `seconds`."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = 10.0) -> None:
        """Asks it to end, and ends it if it has not within `seconds`."""
        self.send(number)
        if not self.wait(seconds):
            self._process.kill()
            self._process.wait()


def log_tail(log: Path, lines: int = 5) -> str:
    """The last lines of a log, to say with a failure."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 8192))
        text = file.read().decode(errors="replace")
    return "\n".join(line for line in text.splitlines()[-lines:] if line.strip())


def installed(package: str) -> Path:
    """The folder of an installed package, without importing it."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the package {package} is not installed", name=package)
    return Path(spec.origin).parent
