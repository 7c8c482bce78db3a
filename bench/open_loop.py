"""An open loop of messages in rooms: sent when they are due, however slow the answers, so that waiting is counted.

Times are from just before the send to the arrival of the frame, all in one process on one clock. The numbers in the
frames tell what was lost, repeated or out of order, per socket.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bench.stack import percentiles


@dataclass
class Record:
    """What the clients saw."""

    sent: dict[str, float] = field(default_factory=dict)
    acks: list[float] = field(default_factory=list)
    deliveries: list[float] = field(default_factory=list)
    errors: int = 0
    repeated: int = 0
    disordered: int = 0
    received: int = 0


class Member(Protocol):
    """One member's socket."""

    record: Record

    async def say(self, room_id: str, key: str, content: str) -> None:
        """Send a message whose acknowledgement and frames carry `key`."""
        ...


class Numbered:
    """What one socket was told: acknowledgements, and numbered frames that should come once and in order."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self._last: dict[str, int] = {}
        self._seen: set[tuple[str, int]] = set()

    def delivered(self, key: str, room: str, number: int) -> None:
        """A frame of the message `key` came."""
        record = self.record
        began = record.sent.get(key)
        if began is None:
            return
        record.deliveries.append(time.perf_counter() - began)
        record.received += 1
        if (room, number) in self._seen:
            record.repeated += 1
        elif number < self._last.get(room, 0):
            record.disordered += 1
        self._seen.add((room, number))
        self._last[room] = max(number, self._last.get(room, 0))

    def acknowledged(self, key: str) -> None:
        """The message `key` was acknowledged."""
        if (began := self.record.sent.get(key)) is not None:
            self.record.acks.append(time.perf_counter() - began)


Room = tuple[str, Sequence[Member]]


async def drive(rooms: Sequence[Room], rate: float, seconds: float, record: Record, run: str = "") -> int:
    """Send `rate` messages a second for `seconds`, round the rooms and their members; how many were sent.

    Runs of the same rate in the same rooms need names: the same id again is the same message.
    """
    for _, members in rooms:
        for member in members:
            member.record = record
    count = int(rate * seconds)
    start = time.perf_counter()
    for i in range(count):
        due = start + i / rate
        while (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        room_id, members = rooms[i % len(rooms)]
        key = f"{run}{rate:g}-{i}"
        record.sent[key] = time.perf_counter()
        await members[(i // len(rooms)) % len(members)].say(room_id, key, f"말 {i} 입니다")
    return count


async def settle(record: Record, expected: int) -> None:
    """Until `expected` frames and every acknowledgement have come, for 15 s at most."""
    deadline = time.perf_counter() + 15
    while time.perf_counter() < deadline and (
        record.received < expected or len(record.acks) + record.errors < len(record.sent)
    ):
        await asyncio.sleep(0.05)


def figures(
    record: Record, members: int, took: float, before: Mapping[str, float], after: Mapping[str, float]
) -> dict[str, Any]:
    """What is said of a run of `took` seconds; `before` and `after` are CPU seconds by process."""
    return {
        "seconds": round(took, 1),
        "sent": len(record.sent),
        "acknowledged": len(record.acks),
        "errors": record.errors,
        "lost": len(record.acks) * members - (record.received - record.repeated),
        "repeated": record.repeated,
        "out_of_order": record.disordered,
        "delivered_ms": percentiles(record.deliveries),
        "ack_ms": percentiles(record.acks),
        "cpu_cores": {role: round((after[role] - before.get(role, 0)) / took, 3) for role in after},
    }
