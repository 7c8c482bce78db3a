"""Group commit: one worker thread takes all commands that wait into one transaction, turn after turn.

A command is answered once its turn is committed. If the server was lost, even at the commit, the same commands are
asked again: those that took effect have their outcome stored, and are answered with it. If anything else breaks a
turn, its commands are decided one by one, so that only the faulty one fails.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import psycopg
from eventsourcing.persistence import InterfaceError, OperationalError

from commands.decision import Asked, Decided
from commands.turn import Turns
from schemas.commands import Command
from schemas.envelope import Context, Event, Outcome
from schemas.port import Appended, Unavailable

MOST = 256
"""Commands in one turn."""
PATIENCE_SECONDS = 5.0
"""How long a command waits for a server that is away."""
SILENCE_SECONDS = 15.0
"""How long at most: a server whose words are lost on the way keeps the writer waiting, and with it, until the server
cuts it off, all others. What becomes of the command is then open; the same command again tells."""
STOP_SECONDS = PATIENCE_SECONDS + 1
"""How long the end waits for the writer: one that hangs on a silent server is left, and ends with the process."""
_AWAY = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Waiting:
    asked: Asked
    future: "asyncio.Future[Outcome]"
    until: float


class GroupCommit:
    """The queue and its thread. `start` and `execute` belong to one event loop."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="group-commit", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = threading.Event()
        self._appended: list[Appended] = []

    def tell(self, appended: Appended) -> None:
        """Call `appended` with what every turn appends, from now on."""
        self._appended.append(appended)

    def start(self) -> None:
        """Begin to serve, for the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def execute(self, command: Command, context: Context) -> Outcome:
        """Return once the command's events are in the store. Raises `Refused` or `Unavailable`."""
        if self._loop is None or self._stopping.is_set():
            raise Unavailable("commands are not taken now")
        future: asyncio.Future[Outcome] = self._loop.create_future()
        self._queue.put(_Waiting(Asked(command, context), future, time.monotonic() + PATIENCE_SECONDS))
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                return await future
        except TimeoutError:
            raise Unavailable("the event store does not answer") from None

    async def stop(self) -> None:
        """Answer everything that waits, then end; a turn under way that hangs is not waited for."""
        self._stopping.set()
        self._queue.put(None)
        if self._loop is not None:
            await asyncio.to_thread(self._thread.join, STOP_SECONDS)

    def _serve(self) -> None:
        while (first := self._queue.get()) is not None:
            waiting, last = self._with_others(first)
            try:
                self._answer(waiting)
            except Exception as error:  # or nothing would ever be answered again
                log.exception("the writer lost a turn")
                unknown = Unavailable(f"the writer lost a turn: {error!r}")
                self._resolve((one, unknown) for one in waiting)
            if last:
                break
        self._turns.close()

    def _with_others(self, first: _Waiting) -> tuple[list[_Waiting], bool]:
        waiting = [first]
        while len(waiting) < MOST:
            try:
                another = self._queue.get_nowait()
            except queue.Empty:
                break
            if another is None:
                return waiting, True
            waiting.append(another)
        return waiting, False

    def _answer(self, waiting: Sequence[_Waiting]) -> None:
        pause = 0.02
        while waiting:
            try:
                taken = self._turns.take([one.asked for one in waiting])
            except _AWAY as error:
                waiting = self._give_up_late(waiting, error)
                time.sleep(pause)
                pause = min(2 * pause, 0.5)
            except Exception as error:
                if len(waiting) == 1:
                    log.exception("command %s failed", waiting[0].asked.command.NAME)
                    return self._resolve([(waiting[0], error)])
                log.warning("a turn of %d commands failed, deciding one by one: %r", len(waiting), error)
                for one in waiting:
                    self._answer([one])
                return None
            else:
                return self._resolve(zip(waiting, taken.decided, strict=True), taken.appended)
        return None

    def _give_up_late(self, waiting: Sequence[_Waiting], error: Exception) -> list[_Waiting]:
        log.warning("the event store is away: %s", error)
        now = time.monotonic()
        self._resolve(
            (one, Unavailable("the event store cannot be reached")) for one in waiting if one.until <= now
        )
        return [one for one in waiting if one.until > now]

    def _resolve(self, answers: "Iterable[tuple[_Waiting, Decided]]", appended: Sequence[Event] = ()) -> None:
        pairs = list(answers)
        if pairs and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._settle, pairs, appended)

    def _settle(self, pairs: "Sequence[tuple[_Waiting, Decided]]", appended: Sequence[Event]) -> None:
        for one, answer in pairs:
            if one.future.done():
                continue
            if isinstance(answer, Outcome):
                one.future.set_result(answer)
            else:
                one.future.set_exception(answer)
        if appended:
            for told in self._appended:
                told(appended)
