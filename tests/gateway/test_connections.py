"""Connections over a real client: how they begin, how they are ended, and who is online."""

import asyncio

import orjson
import pytest
from websockets.exceptions import InvalidStatus

from tests.gateway.conftest import World
from tests.gateway.person import Person


class TestConnections:
    async def test_a_header_at_the_handshake_authenticates(self, world: World) -> None:
        me = await world.person()
        header = {"Authorization": f"Bearer {me.tokens['accessToken']}"}
        await me.open(additional_headers=header)
        assert (await me.frame("authenticated"))["userId"] == str(me.id)

    async def test_a_token_in_the_address_is_not_looked_at(self, world: World) -> None:
        me = await world.person()
        me.ws += f"?token={me.tokens['accessToken']}"
        with pytest.raises(InvalidStatus):
            await me.open()

    async def test_without_a_valid_token_it_ends(self, world: World) -> None:
        me = await world.person()
        await me.open()
        await me.tell("authenticate", 1, token="nonsense")
        assert (await me.answer(1))["data"]["code"] == "unauthenticated"
        assert await me.closed() == 4401

    async def test_a_frame_too_large_ends_it(self, world: World) -> None:
        me = await world.person()
        await me.connect()
        await me.tell("ping", "x", filler="y" * 70_000)
        assert await me.closed() == 1009

    async def test_noise_ends_it(self, world: World) -> None:
        me = await world.person()
        await me.connect()
        assert me.socket is not None
        for _ in range(11):
            await me.socket.send("noise")
        assert await me.closed() == 4400

    async def test_only_so_many_sockets_a_person(self, world: World) -> None:
        me = await world.person()
        others = []
        for _ in range(world.settings.limit_sockets):
            one = Person(me.rest, me.ws)
            one.tokens = me.tokens
            await one.connect()
            others.append(one)
        await me.open()
        await me.tell("authenticate", "a", token=me.tokens["accessToken"])
        assert (await me.answer("a"))["data"]["code"] == "rate_limited"
        assert await me.closed() == 4429
        for one in others:
            await one.disconnect()

    async def test_presence_is_told_to_those_one_shares_a_room_with(self, world: World) -> None:
        asker, expert = await world.person(), await world.expert()
        room = await world.room(asker, expert)
        await asker.connect()
        await asker.send("join_room", roomId=room)
        await expert.connect()
        assert (await asker.frame("presence", userId=str(expert.id)))["online"] is True

    async def test_a_reader_that_takes_nothing_is_cut_off_and_the_others_are_not_held_up(
        self, world: World
    ) -> None:
        asker, expert = await world.person(), await world.expert()
        room = await world.room(asker, expert)
        await asker.connect()
        await asker.send("join_room", roomId=room)
        where = world.gateway.websocket
        reader, writer = await asyncio.open_connection(where.host, where.port, limit=2**10)
        token = expert.tokens["accessToken"]
        writer.write(
            b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            b"Authorization: Bearer " + token.encode() + b"\r\n\r\n"
        )
        await reader.readuntil(b"authenticated")
        writer.write(_masked(orjson.dumps({"type": "join_room", "id": 1, "data": {"roomId": room}})))
        await reader.readuntil(b'"ack"')
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        count = 0
        async with asyncio.timeout(60):
            while (await self._closed_for_slowness(world)) == 0:
                for _ in range(5):
                    count += 1
                    body = {"content": "길" * 8000, "clientMsgId": f"s{count}"}
                    await asker.tell("send_message", None, roomId=room, message=body)
                await asker.frame("new_message", seq=count)
        assert asker.seqs(room) == list(range(1, count + 1))
        writer.transport.abort()

    async def _closed_for_slowness(self, world: World) -> int:
        from prometheus_client import REGISTRY

        return int(REGISTRY.get_sample_value("yeon_gateway_closed_total", {"code": "4408"}) or 0)


def _masked(payload: bytes) -> bytes:
    """One text frame as a client sends it, masked with zeros."""
    assert len(payload) < 126
    return bytes([0x81, 0x80 | len(payload)]) + bytes(4) + payload
