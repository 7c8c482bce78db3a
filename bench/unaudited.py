"""`python -m bench.unaudited worker`: the worker as it is, but for its audit, which neither hears nor looks."""

import asyncio
from typing import Any

from streams.__main__ import main
from streams.audit.live import Audit


async def _never(*_: Any) -> None:
    await asyncio.Event().wait()


if __name__ == "__main__":
    Audit.observe = lambda *_: None  # type: ignore[method-assign]
    Audit.keep_looking = _never  # type: ignore[method-assign]
    main()
