"""Keeps child processes running: one that ends is started again, one that keeps ending ends everything."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from infra.embedded.child import Child, log_tail

LOOK_EVERY = 0.1
QUICK_DEATH_SECONDS = 10.0
DELAYS = (0.1, 0.5, 1.0, 2.0, 4.0)
"""Seconds before each new start in a row of quick deaths; after the last there is none."""


class GaveUp(Exception):
    """A process ended again and again; the message is a sentence for a person."""


@dataclass(slots=True)
class Restarts:
    """When to start a process again, from how long it lived."""

    quick_deaths: int = 0

    def after(self, lived: float) -> float | None:
        """Seconds to wait before the next start, or None to give up."""
        if lived >= QUICK_DEATH_SECONDS:
            self.quick_deaths = 0
        delay = DELAYS[self.quick_deaths] if self.quick_deaths < len(DELAYS) else None
        self.quick_deaths += 1
        return delay


@dataclass(slots=True)
class _Kept:
    name: str
    launch: Callable[[], Child]
    stop_signal: signal.Signals
    child: Child
    launched: float
    restarts: Restarts = field(default_factory=Restarts)
    launch_at: float | None = None


class Supervisor:
    """The processes kept running, in the order they were given. Use it from the main thread only."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._kept: dict[str, _Kept] = {}

    def keep(
        self, name: str, launch: Callable[[], Child], stop_signal: signal.Signals = signal.SIGTERM
    ) -> None:
        """Launches it now, and again whenever it ends while `watch` runs."""
        self._kept[name] = _Kept(name, launch, stop_signal, launch(), time.monotonic())

    async def watch(self) -> None:
        """Runs until cancelled. Raises GaveUp."""
        while True:
            for kept in self._kept.values():
                self._look_after(kept, time.monotonic())
            await asyncio.sleep(LOOK_EVERY)

    async def stop(self, names: Iterable[str], seconds: float) -> None:
        """Ends these together, in order, and by force what has not ended within `seconds`."""
        ending = [kept for name in names if (kept := self._kept.pop(name, None)) is not None]
        for kept in ending:
            kept.child.send(kept.stop_signal)
        deadline = time.monotonic() + seconds
        while any(kept.child.alive for kept in ending) and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        for kept in ending:
            if kept.child.alive:
                self._say(f"{kept.name} did not end within {seconds:.0f} s and was killed")
                kept.child.stop(signal.SIGKILL)

    def kill(self) -> None:
        """Ends all at once."""
        for kept in self._kept.values():
            kept.child.send(signal.SIGKILL)

    def _look_after(self, kept: _Kept, now: float) -> None:
        if kept.launch_at is None:
            if kept.child.alive:
                return
            how = _ending(kept.child.exit_code)
            delay = kept.restarts.after(now - kept.launched)
            if delay is None:
                raise GaveUp(
                    f"{kept.name} {how}, {kept.restarts.quick_deaths} times in a row. "
                    f"The end of {kept.child.log}:\n{log_tail(kept.child.log)}"
                )
            self._say(f"{kept.name} {how}; it is started again ({kept.child.log})")
            kept.launch_at = now + delay
        elif now >= kept.launch_at:
            kept.launch_at = None
            kept.child, kept.launched = kept.launch(), now


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
