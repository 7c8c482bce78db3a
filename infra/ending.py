"""The end of a process that was told to stop: gentle where it can be, and within a stated time whatever hangs."""

import asyncio
import faulthandler
import logging
from collections.abc import Iterable
from types import CodeType, FrameType
from typing import Any

END_SECONDS = 18.0
"""From being told to stop to the end, at most: less than docker-compose and Kubernetes wait before they kill."""
TELL_SECONDS = 12.0
"""After so long what still runs is said in the log."""
LEAVE_SECONDS = 3.0
AGAIN_SECONDS = 0.5
log = logging.getLogger(__name__)


def end_in_time(seconds: float = END_SECONDS, tell: float = TELL_SECONDS) -> None:
    """Let this process live `seconds` more at most; call it on the event loop when a signal says stop.

    What the tasks wait for is written to the log after `tell` seconds. At the end, should it come to that, the threads'
    stacks go to standard error and the exit status is 1. The watch is one of C's own: a blocked loop does not stop it.
    """
    faulthandler.dump_traceback_later(seconds, exit=True)
    asyncio.get_running_loop().call_later(tell, _say_what_runs)


async def ended(tasks: Iterable["asyncio.Task[Any]"], seconds: float = LEAVE_SECONDS) -> None:
    """Cancel `tasks` and wait for their end, so long at most; who has not ended then is named in the log and left.

    Each is cancelled again and again: Python 3.11's `asyncio.wait_for`, with which the clients of PostgreSQL and Redis
    wait, loses a cancellation that comes together with what it waited for, and a loop that lost one goes on for ever.
    """
    left, waited = {task for task in tasks if not task.done()}, 0.0
    while left and waited < seconds:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_SECONDS)
        waited += AGAIN_SECONDS
    for task in left:
        log.warning("%s does not end; it waits at %s", task.get_name(), awaited(task))


def awaited(task: "asyncio.Task[Any]") -> str:
    """Where `task` stands: the chain of what waits for what, the innermost last."""
    steps: list[str] = []
    waiting: Any = task.get_coro()
    while waiting is not None:
        frame: FrameType | None = getattr(waiting, "cr_frame", None) or getattr(waiting, "gi_frame", None)
        if frame is None:
            steps.append(type(waiting).__name__)
            break
        code: CodeType = frame.f_code
        steps.append(f"{code.co_filename.rpartition('/')[2]}:{frame.f_lineno} {code.co_name}")
        waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "gi_yieldfrom", None)
    return " > ".join(steps)


def _say_what_runs() -> None:
    for task in asyncio.all_tasks():
        log.warning("told to stop, and still running: %s at %s", task.get_name(), awaited(task))
