"""One embedded server: laid out on disk once, launched as a child, asked whether it answers, stopped.

The steps are apart because a supervisor runs the slow first in a thread, and must launch from its main thread.
"""

import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from infra.embedded.child import Child, Owner, log_tail


class PartFailed(Exception):
    """A part did not start or did not stay; the message is a sentence for a person."""


class Part(ABC):
    """A server on `port` with its state in `directory`. Started again, it has the same port and state."""

    name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    patience: ClassVar[float] = 30.0
    """Seconds until a launched part must answer."""

    def __init__(self, directory: Path, port: int, log: Path) -> None:
        self.directory = directory.absolute()
        self.port = port
        self.log = log.absolute()
        self.child: Child | None = None
        self.keep_open: Sequence[int] = ()

    @property
    @abstractmethod
    def url(self) -> str:
        """What clients connect to."""

    @abstractmethod
    def prepare(self) -> None:
        """Lays out the directory; does nothing if that was done before. Raises PartFailed."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether a client would be served now."""

    @abstractmethod
    def command(self) -> Sequence[str]:
        """The program and its arguments."""

    def owner(self) -> Owner | None:
        """The user to run as, if not our own."""
        return None

    def launch(self) -> Child:
        """Starts the process; from the main thread only."""
        self.child = Child(
            self.command(),
            self.log,
            owner=self.owner(),
            orphan_signal=self.stop_signal,
            keep_open=self.keep_open,
        )
        return self.child

    @property
    def alive(self) -> bool:
        return self.child is not None and self.child.alive

    def ready(self) -> bool:
        """Whether it answers. Raises PartFailed if it ended instead."""
        if not self.alive:
            raise PartFailed(f"{self.name} ended while starting ({self.log}):\n{log_tail(self.log)}")
        return self.answers()

    def start(self) -> None:
        """Prepares, launches and waits until it answers. Raises PartFailed."""
        self.prepare()
        self.launch()
        deadline = time.monotonic() + self.patience
        while not self.ready():
            if time.monotonic() > deadline:
                self.stop()
                raise PartFailed(f"{self.name} did not answer within {self.patience:.0f} s ({self.log})")
            time.sleep(0.02)

    def stop(self) -> None:
        """Ends the process in order, or by force after some seconds."""
        if self.child is not None:
            self.child.stop(self.stop_signal)

    def kill(self) -> None:
        """Ends the process at once, as a crash would."""
        if self.child is not None:
            self.child.stop(signal.SIGKILL)
