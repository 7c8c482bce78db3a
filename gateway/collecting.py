"""When dead objects are looked for: seldom, and not while sockets come in a rush.

Thousands of sockets are millions of objects that stay. To look through all that is new over and over took a quarter of
the time of 5,000 sockets coming back at once, and found nothing: what a socket leaves behind is freed by itself.
"""

import asyncio
import gc

LOOK_SECONDS = 0.25
RUSH = 50
"""So many sockets within `LOOK_SECONDS` are a rush."""
RUSH_AT_MOST_SECONDS = 10.0
"""After which dead objects are looked for again, though the rush goes on."""


def collect_seldom() -> None:
    """Call once, when everything is imported. Fewer and larger rounds would take a hundredth less of the time still, and
    stop everything for half a second instead of an eighth."""
    gc.freeze()
    gc.set_threshold(20_000, 5, 500)


class Calm:
    """Notices a rush, and has nothing looked for until it is over."""

    def __init__(self) -> None:
        self._came = 0
        self._rush_since: float | None = None

    def came(self) -> None:
        """One more socket."""
        self._came += 1
        if self._came == 1 and self._rush_since is None:
            self._look_later()
        elif self._came == RUSH and self._rush_since is None:
            self._rush_since = asyncio.get_running_loop().time()
            gc.disable()

    def _look_later(self) -> None:
        asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        rush, self._came = self._came >= RUSH, 0
        if self._rush_since is None:
            return
        long = asyncio.get_running_loop().time() >= self._rush_since + RUSH_AT_MOST_SECONDS
        if not gc.isenabled() and (long or not rush):
            _promote()
            gc.enable()
        if rush:
            self._look_later()
        else:
            self._rush_since = None


def _promote() -> None:
    """Make everything old without a look at it, what was there at the start as well: the next round would stop all
    others for half a second."""
    gc.freeze()
    gc.unfreeze()
