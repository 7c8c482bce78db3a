"""A gateway with little room: handshakes beyond it are shed, silent ones cut off, stalled readers bounded."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.server import ServerProtocol

from gateway.server import HANDSHAKE_SECONDS, Listening, SocketServer
from gateway.surroundings import Surroundings
from gateway.tokens import Tokens
from infra.settings import Settings


class Nobody:
    """Stands where a service is that no stranger reaches."""

    sockets = 0


@pytest.fixture
async def narrow() -> AsyncIterator[Listening]:
    """A server with room for three strangers."""
    settings = Settings(ws_port=0, gateway_handshakes=3)
    around = Surroundings(
        **{
            name: Nobody()
            for name in ("executor", "fanout", "views", "writes", "limits", "present", "typists", "sign_ins")
        },
        sockets_at_once=10,
        buffer_bytes=1_048_576,
    )
    server = SocketServer(settings, Tokens(uuid4().hex * 2, 900), around)
    yield await server.start()
    await server.stop()


def at(where: Listening) -> str:
    return f"ws://{where.host}:{where.port}/ws"


async def test_a_rush_of_strangers_is_shed_with_a_time_to_come_back(narrow: Listening) -> None:
    inside: list[ClientConnection] = [await connect(at(narrow)) for _ in range(3)]

    with pytest.raises(InvalidStatus) as shed:
        await connect(at(narrow))

    assert shed.value.response.status_code == 503
    assert shed.value.response.headers["Retry-After"] == "2"
    await inside[0].close()
    async with asyncio.timeout(10):
        while True:
            try:
                again = await connect(at(narrow))
                break
            except InvalidStatus:
                await asyncio.sleep(0.01)
    for one in (*inside, again):
        await one.close()


@pytest.mark.parametrize("said", [b"", b"GET /ws HTTP/1.1\r\nHost: x\r\nX-Slow: "])
async def test_a_handshake_that_does_not_come_to_an_end_is_cut_off(narrow: Listening, said: bytes) -> None:
    reader, writer = await asyncio.open_connection(narrow.host, narrow.port)
    began = time.monotonic()
    writer.write(said)

    async with asyncio.timeout(HANDSHAKE_SECONDS + 30):
        assert await reader.read() == b""

    assert time.monotonic() - began >= HANDSHAKE_SECONDS - 0.1
    writer.close()


@pytest.mark.parametrize("cut", [False, True])
async def test_a_connection_that_ended_leaves_nothing_to_be_found_by_the_collector(
    narrow: Listening, cut: bool
) -> None:
    def there() -> int:
        return sum(type(one) is ServerProtocol for one in gc.get_objects())

    gc.collect()
    before = there()
    gc.disable()
    try:
        for _ in range(5):
            one = await connect(at(narrow))
            if cut:
                one.transport.abort()
            else:
                await one.close()
        async with asyncio.timeout(10):
            while there() > before:
                await asyncio.sleep(0.05)
    finally:
        gc.enable()
