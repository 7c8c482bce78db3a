"""The steps between which a process of ours may die, by name, so that tests can hold one there and kill it.

A process whose environment names a step in `YEON_HOLD` and a directory in `YEON_HOLD_DIR` stands still at that step
once the directory holds a file `go`, and says so with a file `held`. Without those variables nothing is ever held.
"""

import os
import time
from enum import StrEnum
from pathlib import Path


class Step(StrEnum):
    """Every place where a kill leaves something done and something not yet done."""

    before_append = "before_append"
    """The command is decided; its events are not committed."""
    after_append = "after_append"
    """Its events are committed; nobody was answered or told."""
    after_publish = "after_publish"
    """Kafka has acknowledged events; the relay's checkpoint does not know."""
    after_view_commit = "after_view_commit"
    """The views hold a batch; Kafka's offset is not committed, and nothing was pushed."""
    after_push = "after_push"
    """It was pushed as well; Kafka's offset is not committed."""


_HOLD = os.environ.get("YEON_HOLD")
_DIRECTORY = Path(os.environ.get("YEON_HOLD_DIR", "."))


def reached(step: Step) -> None:
    """The process is at `step`. Returns at once unless a test holds it here, which only a kill ends."""
    if _HOLD is None or step != _HOLD or not (_DIRECTORY / "go").exists():
        return
    (_DIRECTORY / "held").touch()
    while True:
        time.sleep(60)
