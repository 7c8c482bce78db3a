"""The life of a process that runs one Faust application: start, watch, stop, and what follows."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

import faust
from aiokafka.errors import KafkaError
from psycopg import Error
from psycopg_pool import PoolTimeout
from redis.exceptions import RedisError

from infra.kafka.generations import Group
from infra.kafka.tracking import Consumers
from infra.kafka.watch import GenerationRaised, NoProgress, Refill, watch
from infra.loop import use_uvloop
from infra.settings import Settings

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 30.0
START_SECONDS = 30.0
"""For joining the group and recovering the tables, which are small."""
STOP_SECONDS = 8.0
Result = TypeVar("Result")

__all__ = ["GenerationRaised", "NoProgress", "persist", "run_app", "run_process"]


async def run_app(
    app: faust.App,
    settings: Settings,
    consumers: Consumers,
    group: Group,
    beside: Sequence[Callable[[], Awaitable[None]]] = (),
    patience: float = PATIENCE_SECONDS,
    refill: Refill | None = None,
) -> None:
    """Run `app`, and each of `beside` as a task next to it, until SIGTERM or SIGINT.

    `refill`, if given, is called with what was published and never came, to be read from the store.
    Raises `GenerationRaised` or `NoProgress` when it is time to begin anew, or what one of `beside` raised.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    started = asyncio.Event()
    tasks: list[asyncio.Future[Any]] = [asyncio.ensure_future(stop.wait())]
    try:
        # Watched from the first moment: a start may hang like anything else.
        tasks.append(asyncio.ensure_future(watch(app, started, settings, consumers, group, patience, refill)))
        starting = asyncio.ensure_future(_start(app))
        tasks.append(starting)
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if done == {starting}:
            starting.result()
            tasks.remove(starting)
            started.set()
            tasks.append(asyncio.ensure_future(_crash(app)))
            tasks += [asyncio.ensure_future(start()) for start in beside]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # Not `wait_for`, which waits for what it cancelled: the consumer's thread may take another minute over that.
        stopping = asyncio.ensure_future(app.stop())
        if not (await asyncio.wait([stopping], timeout=STOP_SECONDS))[0]:
            log.warning("the application did not stop within %.0f s", STOP_SECONDS)


async def persist(what: str, attempt: Callable[[], Awaitable[Result]]) -> Result:
    """Try `attempt` until the stores it needs are there, for ever."""
    while True:
        try:
            return await attempt()
        except (Error, PoolTimeout, KafkaError, RedisError, OSError) as error:
            log.warning("%s: a store is away, trying again: %s", what, error)
            await asyncio.sleep(1.0)


def run_process(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run `main` to its end; execute this very process again if a generation was raised; exit with 1 if it is stuck."""
    use_uvloop()
    asyncio.run(_to_the_end(main))


async def _to_the_end(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    # The end is here and not after the loop's, which waits for every task: those of the application may still hang on a
    # broker that is gone. Everything of ours is closed by now.
    try:
        await main()
    except GenerationRaised as raised:
        log.warning("%s; beginning anew", raised)
        logging.shutdown()
        os.execv(sys.executable, sys.orig_argv)
    except NoProgress as reason:
        log.error("%s", reason)
        _exit(1)
    _exit(0)


def _exit(code: int) -> None:
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


async def _start(app: faust.App) -> None:
    try:
        async with asyncio.timeout(START_SECONDS):
            await app.start()
    except TimeoutError:
        raise NoProgress(f"the application did not start within {START_SECONDS:.0f} s") from None


async def _crash(app: faust.App) -> None:
    while not app.crashed and not app.should_stop:
        await asyncio.sleep(0.25)
    raise NoProgress(f"the application stopped by itself: {app.crash_reason!r}")
