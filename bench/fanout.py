"""Fan-out: CPU time per delivery in one room of many members, ours beside the bare `websockets` server and
python-socketio, with the same frames at the same rate to the same clients.

Ours is the gateway's process: what is said comes from the event store by way of the views and Redis, as from another
gateway; order, recovery and the comparison with the views are on. A peer hears what is said
from one client of its own and hands it on.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import psutil
from websockets.asyncio.client import connect

from bench.crowd.called import Crowds, crowds
from bench.crowd.wire import Spec
from bench.gateway_alone import Alone, gateway
from bench.peers.started import cpu_seconds, started
from bench.stack import say
from bench.tokens import Signer
from bench.world import Room
from infra.ids import new_id
from schemas.commands.room import PostMessage

CONTENT = "컨슈머 그룹의 리밸런싱은 대개 세션 시간과 처리 시간의 차이에서 와요."
Tell = Callable[[int], Awaitable[None]]
"""Says the message of a number."""


def _frame(number: int) -> dict[str, Any]:
    """A frame as ours, for the peers to hand on."""
    some = "01936f5e-0000-7000-8000-000000000000"
    message = {
        "id": some,
        "content": CONTENT,
        "type": "text",
        "createdAt": "2026-01-01T00:00:00.000000Z",
        "clientMsgId": f"{number:06d}",
    }
    sender = {"userId": some, "userName": "사람 1"}
    return {
        "type": "new_message",
        "data": {"roomId": some, "seq": number, "message": message, "sender": sender},
    }


async def _measured(
    who: str, process: psutil.Process, crowd: Crowds, members: int, options: argparse.Namespace, tell: Tell
) -> float:
    """Print and return the CPU time per delivery, in microseconds."""
    messages = max(1, round(options.deliveries / members))
    pause = options.seconds / messages
    warm = await crowd.delivered()
    for number in range(5):
        await tell(number)
    warm = await crowd.until_delivered(warm + 5 * members)
    before, began = cpu_seconds(process), time.perf_counter()
    for number in range(messages):
        await asyncio.sleep(began + number * pause - time.perf_counter())
        await tell(number + 5)
    delivered = await crowd.until_delivered(warm + messages * members) - warm
    took = time.perf_counter() - began
    spent = cpu_seconds(process) - before
    each = spent / max(1, delivered) * 1e6
    say(
        "fanout",
        server=who,
        members=members,
        sent=messages,
        lost=messages * members - delivered,
        seconds=round(took, 1),
        cpu_us_per_delivery=round(each, 2),
        cpu_cores=round(spent / took, 3),
    )
    return each


async def _bare(members: int, options: argparse.Namespace, *flags: str) -> float:
    spec = Spec("/", (), "", 0, '{"type":"new_message"')
    with started("bare", *flags) as peer:
        async with (
            crowds(peer.port) as crowd,
            connect(f"ws://127.0.0.1:{peer.port}/", compression=None) as speaker,
        ):
            asyncio.get_running_loop().create_task(_drain(speaker))
            await crowd.open([spec] * members)

            async def tell(number: int) -> None:
                await speaker.send(orjson.dumps(_frame(number)), text=True)

            return await _measured(
                " ".join(("websockets", *flags)), peer.process, crowd, members, options, tell
            )


async def _socketio(members: int, options: argparse.Namespace, *flags: str) -> float:
    path = "/socket.io/?EIO=4&transport=websocket"
    spec = Spec(path, ("40",), "40", 1, '42["new_message"')
    with started("socketio_server", *flags) as peer:
        async with (
            crowds(peer.port) as crowd,
            connect(f"ws://127.0.0.1:{peer.port}{path}", compression=None) as speaker,
        ):
            await speaker.send("40")
            asyncio.get_running_loop().create_task(_drain(speaker))
            await crowd.open([spec] * members)

            async def tell(number: int) -> None:
                said = orjson.dumps(["send_message", _frame(number)["data"]]).decode()
                await speaker.send(f"42{said}")

            return await _measured(
                " ".join(("python-socketio", *flags)), peer.process, crowd, members, options, tell
            )


async def _drain(socket: Any) -> None:
    async for _ in socket:
        pass


async def _ours(alone: Alone, room: Room, options: argparse.Namespace) -> float:
    tokens = Signer(alone.settings)
    async with crowds(alone.port) as crowd:
        await crowd.open([listening(tokens, member, room) for member in room.members])

        async def tell(number: int) -> None:
            command = PostMessage(
                room_id=room.id, message_id=new_id(), content=CONTENT, client_msg_id=f"{number:06d}"
            )
            await alone.world.do(room.members[0], command)
            await alone.road.catch_up()

        return await _measured("ours", alone.process, crowd, len(room.members), options, tell)


def listening(tokens: Signer, member: Any, *rooms: Room) -> Spec:
    """A client of ours in `rooms`, ready when it hears all of them."""
    frames = [{"type": "authenticate", "data": {"token": tokens.access(member, "both")}}]
    frames += [{"type": "join_room", "id": "join", "data": {"roomId": str(room.id)}} for room in rooms]
    say = tuple(orjson.dumps(frame).decode() for frame in frames)
    return Spec("/ws", say, '{"type":"ack"', len(rooms), '{"type":"new_message"')


async def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.fanout")
    parser.add_argument("--members", type=int, nargs="+", default=[200, 1000])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--deliveries", type=int, default=100_000, help="in all, at each size")
    parser.add_argument("--only-ours", action="store_true")
    options = parser.parse_args(arguments or [])
    peers: dict[int, dict[str, float]] = {}
    for members in () if options.only_ours else options.members:
        peers[members] = {
            "to_websockets": await _bare(members, options),
            "to_websockets_on_uvloop": await _bare(members, options, "--uvloop"),
            "to_python_socketio": await _socketio(members, options),
            "to_python_socketio_on_uvloop": await _socketio(members, options, "--uvloop"),
        }
    async with gateway() as alone:
        for members in options.members:
            (room,) = await alone.world.rooms(1, members)
            await alone.road.catch_up()
            ours = await _ours(alone, room, options)
            if members in peers:
                ratios = {name: round(ours / each, 2) for name, each in peers[members].items()}
                say("fanout-ratio", members=members, **ratios)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
