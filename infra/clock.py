"""The one clock of the shells; pure code is handed the time.

A test sets it wrong with `YEON_WRONG_CLOCK`, the name of a file that says by how many seconds.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

_WRONG = os.environ.get("YEON_WRONG_CLOCK")


def now() -> datetime:
    """The present moment in UTC."""
    if _WRONG is None:
        return datetime.now(UTC)
    return datetime.now(UTC) + timedelta(seconds=float(Path(_WRONG).read_text()))
