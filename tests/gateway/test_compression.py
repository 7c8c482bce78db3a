"""Compression is a client's to ask for and the operator's to allow; a frame is put on the wire once for all who hear it."""

from types import SimpleNamespace
from typing import Any

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.protocol import State

from gateway.codec import JSON_FRAMES
from gateway.outbox import Outbox
from gateway.server import options_of
from infra.settings import Settings

WORDS = "여러 번 같은 말을 해요. " * 50


async def _echo(connection: ServerConnection) -> None:
    outbox = Outbox(connection, JSON_FRAMES, 1_000_000)
    async for said in connection:
        assert isinstance(said, str)
        outbox.write(said.encode())


async def _negotiated(settings: Settings) -> tuple[int, str | bytes]:
    """How many extensions a client that asks for compression gets, and what it hears of `WORDS`."""
    async with serve(_echo, "127.0.0.1", 0, **options_of(settings)) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}", compression="deflate") as client:
            await client.send(WORDS)
            return len(client.protocol.extensions), await client.recv()


async def test_compression_is_off_unless_it_is_set_and_negotiable_then() -> None:
    assert await _negotiated(Settings()) == (0, WORDS)
    assert await _negotiated(Settings(compression=True)) == (1, WORDS)


def test_a_frame_is_put_on_the_wire_once_for_all_who_hear_it() -> None:
    # given three connections of one room
    written: list[bytes] = []
    transport = SimpleNamespace(write=written.append, get_write_buffer_size=lambda: 0)
    protocol = SimpleNamespace(state=State.OPEN, extensions=[])
    connection: Any = SimpleNamespace(transport=transport, protocol=protocol)
    room = [Outbox(connection, JSON_FRAMES, 1_000) for _ in range(3)]

    # when a frame goes to all of them
    assert all(outbox.write(b'{"type":"pong","data":{}}') for outbox in room)

    # then it is the same bytes for each, not equal ones
    first, *others = written
    assert len(others) == 2
    assert all(one is first for one in others)
