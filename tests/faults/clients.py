"""Clients on WebSockets, as people have them: each keeps what was acknowledged to it and what it saw, and comes back,
at whichever gateway answers, from the number it saw last."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from gateway.tokens import Tokens

SECRET = "a secret of the fault tests, long enough for HS256"
SAY_SECONDS = 0.3
PATIENCE_SECONDS = 5.0
"""Without an answer for so long, a client takes its connection for dead."""
_TOKENS = Tokens(SECRET, 86_400)


class Wrong(AssertionError):
    """A client was told something that must never be told."""


class Refused(Exception):
    """Something was refused for now; a client comes back and asks again."""


@dataclass
class Client:
    """One person in one room. `gateways` are WebSocket addresses, tried in turn."""

    gateways: Sequence[str]
    user: UUID
    room: UUID
    seen: int = 0
    """The last number of the room that came; all before it came too, each once."""
    said: dict[str, int] = field(default_factory=dict)
    """By `clientMsgId`, the number that was acknowledged."""
    heard: dict[str, int] = field(default_factory=dict)
    """Own messages that came back, by `clientMsgId`."""
    quiet: bool = False
    """Whether to say nothing new any more."""
    connections: int = 0
    troubles: list[str] = field(default_factory=list)
    """Why each connection ended."""
    longest_silence: float = 0.0
    waiting: str | None = None
    """What was said and not acknowledged yet, by its `clientMsgId`."""

    async def live(self) -> None:
        """Until cancelled: connect, resume, say something now and then, and start again after any failure."""
        for gateway in itertools.cycle(self.gateways):
            try:
                async with connect(gateway, open_timeout=PATIENCE_SECONDS, compression=None) as socket:
                    await self._talk(socket)
            except (OSError, TimeoutError, WebSocketException, Refused) as trouble:
                self.troubles.append(f"{type(trouble).__name__}: {trouble}")
                await asyncio.sleep(0.2)

    async def _talk(self, socket: ClientConnection) -> None:
        token = _TOKENS.issue(self.user, "both", str(uuid4()), time.time())
        await _send(socket, "authenticate", "hello", token=token)
        await self._granted(socket, "hello")
        await _send(socket, "join_room", "join", roomId=str(self.room), afterSeq=self.seen)
        await self._granted(socket, "join")
        self.connections += 1
        while True:
            # What was not acknowledged is said again, under the same id: that is how nothing is said twice.
            if self.waiting is None and not self.quiet:
                self.waiting = uuid4().hex
            if self.waiting is not None:
                message = {"content": "들려요?", "clientMsgId": self.waiting}
                await _send(socket, "send_message", self.waiting, roomId=str(self.room), message=message)
                answer = await self._until(socket, self.waiting)
                if answer["type"] == "ack":
                    self.said[self.waiting] = answer["data"]["seq"]
                    self.waiting = None
            try:
                await self._until(socket, None, SAY_SECONDS)
            except TimeoutError:
                continue

    async def _granted(self, socket: ClientConnection, frame_id: str) -> None:
        answer = await self._until(socket, frame_id)
        if answer["type"] == "error":
            raise Refused(answer["data"]["message"])

    async def _until(
        self, socket: ClientConnection, frame_id: str | None, within: float = PATIENCE_SECONDS
    ) -> dict[str, Any]:
        """Take in what comes until the answer to `frame_id` does."""
        began = time.monotonic()
        async with asyncio.timeout(within):
            while True:
                frame = orjson.loads(await socket.recv())
                self._take(frame["type"], frame["data"])
                if frame_id is not None and frame.get("id") == frame_id:
                    self.longest_silence = max(self.longest_silence, time.monotonic() - began)
                    return dict(frame)

    def _take(self, kind: str, data: dict[str, Any]) -> None:
        if kind in ("ack", "error") or data.get("roomId") != str(self.room) or "seq" not in data:
            return
        seq = data["seq"]
        if seq != self.seen + 1:
            raise Wrong(f"{seq} came after {self.seen}")
        self.seen = seq
        if kind == "new_message" and data["sender"]["userId"] == str(self.user):
            own = data["message"].get("clientMsgId")
            if own:
                if own in self.heard:
                    raise Wrong(f"{own} was heard twice")
                self.heard[own] = seq

    def agrees(self) -> None:
        """What was acknowledged was heard, at the number that was acknowledged."""
        for own, seq in self.said.items():
            if seq <= self.seen and self.heard.get(own) != seq:
                raise Wrong(f"{own} was acknowledged as {seq} and heard as {self.heard.get(own)}")


async def _send(socket: ClientConnection, kind: str, frame_id: str, **data: Any) -> None:
    await socket.send(orjson.dumps({"type": kind, "id": frame_id, "data": data}).decode())
