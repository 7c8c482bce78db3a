"""What is told to end does so in a stated time, whatever hangs or loses a cancellation."""

import asyncio
import subprocess
import sys
import time

import pytest

from infra.ending import awaited, ended


async def test_a_loop_that_lost_its_cancellation_ends_all_the_same() -> None:
    # given a loop that waits for something with `wait_for`, as the clients of PostgreSQL and Redis do
    came, turns = asyncio.Event(), 0

    async def loop_for_ever() -> None:
        nonlocal turns
        while True:
            await asyncio.wait_for(came.wait(), 60)
            turns += 1
            came.clear()

    task = asyncio.create_task(loop_for_ever())
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    # when what it waits for comes together with its cancellation (which Python 3.11 then loses)
    came.set()
    await ended([task])

    # then it has ended
    assert task.done()
    assert turns <= 1


async def test_who_will_not_end_is_named_and_left(caplog: pytest.LogCaptureFixture) -> None:
    free = asyncio.Event()

    async def stubborn() -> None:
        while not free.is_set():
            try:
                await free.wait()
            except asyncio.CancelledError:
                continue

    task = asyncio.create_task(stubborn(), name="the stubborn one")
    await asyncio.sleep(0)
    await ended([task], seconds=0.5)
    assert not task.done()
    assert "the stubborn one does not end" in caplog.text
    assert "test_ending.py" in awaited(task)
    free.set()
    await task


HANGING = """
import asyncio, time
from infra.ending import end_in_time
async def main():
    end_in_time(1.5, tell=0.1)
    {hang}
asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("hang", "said"),
    [
        ("await asyncio.create_task(asyncio.Event().wait(), name='one')", "still running: one at "),
        ("time.sleep(600)", "Timeout"),
    ],
)
def test_a_process_ends_in_time_even_if_its_loop_hangs_or_is_blocked(hang: str, said: str) -> None:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", HANGING.format(hang=hang)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert time.monotonic() - began >= 1.5
    assert said in done.stderr
