"""One WebSocket: a thin shell around its session. It carries out the session's actions, in order.

Commands of one socket go to the port one after another without waiting for each other; everything else waits for
those before it.
"""

import asyncio
import logging
import time
from uuid import UUID

from psycopg import Error as DatabaseError
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from gateway.actions import Action, Close, Execute, Join, Leave, Look, Open, Reply, Resume, Send, Typing, Work
from gateway.answers import acknowledged, failure_of
from gateway.codec import HEARTBEAT_SECONDS, Codec
from gateway.frames import Failure
from gateway.metrics import FRAMES_IN, SOCKETS
from gateway.session import Session
from gateway.sources import NotInRoom
from gateway.surroundings import Surroundings
from gateway.way_out import Ended, WayOut
from infra.ending import ended
from schemas.port import ErrorCode, Unavailable

INBOX_WAITS_SECONDS = 0.25
"""After authentication notifications are held back so long, or until the next frame: it may be a `resume`."""
HOLD_SECONDS = 0.5
"""For so long at most what a socket is told at its coming back is held to go together."""
SETTLE_SECONDS = 2.0
"""How long a goodbye waits for commands under way."""
log = logging.getLogger(__name__)


class Socket(WayOut):
    """A connection, its session, and the work under way for it. A `gateway.line.Listener`."""

    __slots__ = (
        "_around",
        "_beats",
        "_codec",
        "_commands",
        "_hidden",
        "_inbox_from",
        "_present",
        "_timer",
        "_work",
        "_worker",
    )

    def __init__(
        self, connection: ServerConnection, codec: Codec, session: Session, around: Surroundings
    ) -> None:
        super().__init__(connection, codec, session, around.buffer_bytes)
        self._codec = codec
        self._around = around
        self._work: list[Work] = []
        self._worker: asyncio.Task[None] | None = None
        self._commands: set[asyncio.Task[None]] | None = None
        """Under way; None for most sockets, which are idle: an empty set has 216 bytes."""
        self._timer: asyncio.TimerHandle | None = None
        self._beats: asyncio.TimerHandle | None = None
        self._present = False
        self._hidden = False
        self._inbox_from: int | None = None

    @property
    def user_id(self) -> UUID:
        """Whose it is; only of an authenticated one."""
        assert self._session.claims is not None
        return self._session.claims.user_id

    @property
    def sign_in(self) -> UUID | None:
        """The sign-in that its token came from."""
        return None if self._session.claims is None else self._session.claims.sign_in

    async def run(self, token: str | None) -> None:
        """Serve the connection until it ends. `token` is what came with the handshake."""
        SOCKETS.inc()
        self._set_timer()
        if (greeting := self._codec.greeting) is not None:
            self._outbox.put(greeting)
            self._beat_later()
        try:
            if token is not None:
                self._perform(self._session.hello(token, time.time()))
            while True:
                text = await self._connection.recv()
                FRAMES_IN.value += 1
                self._perform(self._session.receive(text, time.time()))
                while self._session.full and not self._session.closed:
                    await asyncio.sleep(0.005)
        except ConnectionClosed:
            self._session.closed = True
        finally:
            SOCKETS.dec()
            await self._clear()

    async def settled(self) -> None:
        """Wait a moment for the answers to what it asked for; new frames are still taken meanwhile."""
        if self._commands:
            await asyncio.wait(self._commands, timeout=SETTLE_SECONDS)

    def _beat_later(self) -> None:
        self._beats = asyncio.get_running_loop().call_later(HEARTBEAT_SECONDS, self._beat)

    def _beat(self) -> None:
        if not self._session.closed and self._codec.heartbeat is not None:
            self._outbox.put(self._codec.heartbeat)
            self._beat_later()

    def _perform(self, actions: list[Action]) -> None:
        fits = True
        for action in actions:
            match action:
                case Send(frame):
                    fits &= self._outbox.write(frame)
                case Reply(packet):
                    fits &= self._outbox.put(packet)
                case Close(code, reason):
                    self.end(code, reason)
                case _:
                    self._work.append(action)
        if not fits:
            self.end(4408, "too slow a reader")
        if self._work and (self._worker is None or self._worker.done()):
            self._worker = asyncio.create_task(self._work_off())

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        wait = max(0.0, self._session.deadline - time.time()) + 0.01
        self._timer = asyncio.get_running_loop().call_later(wait, self._tick)

    def _tick(self) -> None:
        self._perform(self._session.tick(time.time()))
        if not self._session.closed:
            self._set_timer()

    async def _work_off(self) -> None:
        """Do what is to be done, in order."""
        while self._work and not self._session.closed:
            work = self._work.pop(0)
            try:
                if not isinstance(work, Resume | Open):
                    await self._listen_to_inbox()
                if isinstance(work, Execute):
                    await self._start(work)
                    continue
                if self._commands:
                    await asyncio.wait(self._commands)
                if isinstance(work, Open | Join | Resume):
                    self._hold()
                self._perform(await self._do(work))
            except Ended:
                return
            except Exception as error:
                self._perform(self._session.failed(work.slot, failure_of(error)))
            if not (self._work and isinstance(self._work[0], Join | Resume)):
                self._outbox.release()

    def _hold(self) -> None:
        """What a coming back is told goes together, if it does not take long."""
        self._outbox.hold()
        asyncio.get_running_loop().call_later(HOLD_SECONDS, self._outbox.release)

    async def _start(self, work: Execute) -> None:
        if work.limit is not None:
            await self._around.limits.hit(work.limit, str(self.user_id))
        task = asyncio.create_task(self._execute(work))
        if self._commands is None:
            self._commands = set()
        self._commands.add(task)
        task.add_done_callback(self._carried_out)

    def _carried_out(self, task: "asyncio.Task[None]") -> None:
        if self._commands is not None:
            self._commands.discard(task)
            if not self._commands:
                self._commands = None

    async def _execute(self, work: Execute) -> None:
        try:
            outcome = await self._around.executor.execute(
                self.user_id, work.command, work.command_id, work.traceparent
            )
        except Exception as error:
            self._perform(self._session.failed(work.slot, failure_of(error)))
        else:
            self._perform(self._session.done(work.slot, acknowledged(work.command, outcome)))

    async def _do(self, work: Open | Join | Leave | Resume | Typing | Look) -> list[Action]:
        fanout, session = self._around.fanout, self._session
        match work:
            case Open():
                return await self._open(work)
            case Join(slot, room_id, after):
                await self._around.writes.visible(self.user_id)
                last = await fanout.join_room(self, room_id, after)
                return session.done(slot, {"roomId": str(room_id), "lastSeq": last})
            case Leave(slot, room_id):
                self._around.typists.stopped(room_id, self.user_id)
                fanout.leave_room(self, room_id)
                return session.done(slot, {"roomId": str(room_id)})
            case Typing(slot, room_id, is_typing):
                if not fanout.listens(self, room_id):
                    return session.failed(slot, Failure("forbidden", "join the room first", "roomId"))
                if is_typing:
                    self._around.typists.started(room_id, self.user_id)
                else:
                    self._around.typists.stopped(room_id, self.user_id)
                return session.done(slot, {})
            case Look(slot, visible):
                if self._hidden == visible:
                    self._hidden = not visible
                    self._around.present.sees(self.user_id, visible)
                return session.done(slot, {})
            case Resume(slot, inbox_seq, rooms):
                return await self._resume(slot, inbox_seq, rooms)

    async def _open(self, work: Open) -> list[Action]:
        if not work.again:
            if self._around.present.sockets_of(self.user_id) >= self._around.sockets_at_once:
                failure = Failure("rate_limited", "too many connections of this person")
                return self._session.turned_away(work.slot, failure, 4429)
            self._present = True
            self._around.present.came(self.user_id)
            await self._around.fanout.came(self)
        self._set_timer()
        try:
            if not await self._around.sign_ins.holds(self.sign_in):
                failure = Failure("unauthenticated", "signed out")
                return self._session.turned_away(work.slot, failure, 4401)
            head = await self._around.views.inbox_head(self.user_id)
        except DatabaseError as error:
            return self._session.turned_away(work.slot, failure_of(error), 1012)
        if not work.again:
            self._inbox_from = head
            asyncio.get_running_loop().call_later(INBOX_WAITS_SECONDS, self._listen_soon)
        return self._session.opened(work.slot, head, work.again)

    def _listen_soon(self) -> None:
        busy = self._worker is not None and not self._worker.done()
        if self._inbox_from is not None and not self._session.closed and not busy:
            self._worker = asyncio.create_task(self._listen_later())

    async def _listen_later(self) -> None:
        try:
            await self._listen_to_inbox()
        except (DatabaseError, Unavailable, Ended) as error:
            log.warning("an inbox cannot be listened to: %s", error)
            self.end(1012, "come back soon")
        await self._work_off()

    async def _listen_to_inbox(self) -> None:
        if self._inbox_from is not None:
            await self._around.fanout.resume_inbox(self, self._inbox_from, self._inbox_from)
            self._inbox_from = None

    async def _resume(self, slot: int, inbox_seq: int, rooms: tuple[tuple[UUID, int], ...]) -> list[Action]:
        await self._around.writes.visible(self.user_id)
        last = await self._around.fanout.resume_inbox(self, inbox_seq, self._inbox_from)
        self._inbox_from = None
        joined: dict[str, int] = {}
        refused: dict[str, ErrorCode] = {}
        for room_id, after in rooms:
            try:
                joined[str(room_id)] = await self._around.fanout.join_room(self, room_id, after)
            except NotInRoom:
                refused[str(room_id)] = "forbidden"
        return self._session.done(slot, {"inboxSeq": last, "rooms": joined, "refused": refused})

    async def _clear(self) -> None:
        """Leave no trace of the connection."""
        for timer in (self._timer, self._beats):
            if timer is not None:
                timer.cancel()
        if self._worker is not None:
            await ended([self._worker])
        if self._present:
            self._around.typists.gone(self.user_id)
            self._around.fanout.gone(self)
            self._around.present.went(self.user_id, self._hidden)
