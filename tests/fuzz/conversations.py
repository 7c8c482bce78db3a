"""A conversation on a socket of frames and noise, on either codec, and what is promised of what comes back."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from schemas.wire.server import CLOSE_CODES, SERVER_FRAMES
from tests.fuzz.conftest import Scene
from tests.fuzz.grammar import Frame, Noise

SECONDS = 10.0
"""Within which a socket has answered everything, or is closed."""
OURS = {*CLOSE_CODES, 1007}
"""Codes with which a socket may be closed; 1007 is the library's own, for text that is not UTF-8."""

Said = Sequence[Frame | Noise]


class Json:
    """Our own frames."""

    path = "/ws"
    codes = OURS

    def hello(self, token: str) -> str:
        return self.write(0, Frame("authenticate", {"token": token}))

    def write(self, number: int, frame: Frame) -> str:
        return json.dumps({"type": frame.kind, "id": number, "data": frame.data})

    def read(self, text: str) -> tuple[int | None, str, Any]:
        """Id, type and data of what came."""
        whole = json.loads(text)
        return whole.get("id"), whole["type"], whole["data"]


class SocketIO:
    """The same frames as events of Socket.IO. `disconnect` and `close` packets end a connection as asked."""

    path = "/socket.io/?EIO=4&transport=websocket"
    codes = OURS | {1000}

    def hello(self, token: str) -> str:
        return "40" + json.dumps({"token": token})

    def write(self, number: int, frame: Frame) -> str:
        return f"42{number}" + json.dumps([frame.kind, frame.data])

    def read(self, text: str) -> tuple[int | None, str, Any]:
        if text.startswith("43"):
            bracket = text.index("[")
            data = json.loads(text[bracket:])[0]
            return int(text[2:bracket]), "ack" if data.pop("ok") else "error", data
        if text.startswith("42"):
            return None, *json.loads(text[2:])
        return None, "packet", text


async def conversation(scene: Scene, codec: Json | SocketIO, said: Said, known: bool) -> None:
    """Say all of it without waiting, and hold what comes back against what is promised."""
    wanted: list[int] = []
    answered: list[int] = []
    async with connect(scene.stack.ws + codec.path, compression=None, max_size=None) as socket:
        reading = asyncio.create_task(_read(socket, codec, answered))
        try:
            if known:
                await socket.send(codec.hello(scene.asker.token))
            for number, one in enumerate([*said, Frame("ping", {})], start=1):
                if isinstance(one, Noise):
                    await socket.send(one.message)
                else:
                    wanted.append(number)
                    await socket.send(codec.write(number, one))
        except ConnectionClosed:
            pass
        async with asyncio.timeout(SECONDS):
            while wanted[-1] not in answered and not reading.done():
                await asyncio.sleep(0.002)
        closed = reading.done()
        if closed:
            await reading
            assert socket.close_code in codec.codes, (socket.close_code, socket.close_reason, said)
        reading.cancel()
    numbers = [number for number in answered if number in set(wanted)]
    assert numbers == wanted[: len(numbers)], (numbers, wanted, said)
    assert closed or numbers == wanted


async def _read(socket: ClientConnection, codec: Json | SocketIO, answered: list[int]) -> None:
    try:
        async for text in socket:
            assert isinstance(text, str)
            number, kind, data = codec.read(text)
            if kind == "packet":
                continue
            SERVER_FRAMES[kind].model_validate(data)
            if kind in ("ack", "error") and number:
                answered.append(number)
    except ConnectionClosed:
        return


@asynccontextmanager
async def bystander(scene: Scene) -> AsyncIterator[None]:
    """Somebody in every room, who must notice nothing but what was rightly said."""
    expert = scene.expert
    since = len(expert.frames)
    last = {room: (await expert.send("join_room", roomId=room))["lastSeq"] for room in scene.rooms}
    yield
    await expert.send("ping")
    for room in scene.rooms:
        mine = [frame["data"] for frame in expert.frames[since:] if frame["data"].get("roomId") == room]
        seqs = [data["seq"] for data in mine if "seq" in data]
        assert seqs == list(range(last[room] + 1, last[room] + 1 + len(seqs)))
