"""What waits for one reader: framed as the library frames it, together where asked, never more than its bound."""

from typing import Any

import pytest
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from gateway.codec import JSON_FRAMES
from gateway.outbox import TOGETHER_BYTES, Outbox


class Wire:
    """A connection whose reader takes nothing, and each call of its transport."""

    def __init__(self) -> None:
        self.protocol: Any = self
        self.transport: Any = self
        self.extensions: list[object] = []
        self.state = State.OPEN
        self.calls: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.calls.append(bytes(data))

    def get_write_buffer_size(self) -> int:
        return sum(map(len, self.calls))


def framed(packet: bytes) -> bytes:
    return Frame(Opcode.TEXT, packet).serialize(mask=False)


def outbox(most: int = 1_000_000) -> tuple[Wire, Outbox]:
    wire: Any = Wire()
    return wire, Outbox(wire, JSON_FRAMES, most)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 70_000])
def test_a_packet_is_framed_as_the_library_frames_it(size: int) -> None:
    wire, box = outbox()
    assert box.put(b"x" * size)
    assert wire.calls == [framed(b"x" * size)]


def test_a_page_is_one_call_and_what_follows_is_another() -> None:
    wire, box = outbox()
    assert box.write_all([b"one", b"two", b"three"])
    assert box.write(b"four")
    assert wire.calls == [framed(b"one") + framed(b"two") + framed(b"three"), framed(b"four")]


def test_what_is_held_goes_in_its_order_with_pages_among_it() -> None:
    wire, box = outbox()
    box.hold()
    box.write(b"hello")
    box.write_all([b"one", b"two"])
    box.write(b"done")
    assert wire.calls == []
    box.release()
    assert wire.calls == [b"".join(map(framed, (b"hello", b"one", b"two", b"done")))]


def test_no_more_is_held_than_goes_well_together() -> None:
    wire, box = outbox()
    box.hold()
    box.write(b"x" * TOGETHER_BYTES)
    assert wire.calls == [framed(b"x" * TOGETHER_BYTES)]


def test_what_is_held_counts_for_the_bound() -> None:
    wire, box = outbox(most=100)
    box.hold()
    assert box.write(b"x" * 60)
    assert (box.waiting, box.crowded) == (62, True)
    assert not box.write(b"y" * 60)
    box.release()
    assert wire.calls == [framed(b"x" * 60)]
    assert not box.write(b"y" * 60)


def test_after_the_end_nothing_is_written() -> None:
    wire, box = outbox()
    box.hold()
    box.write(b"too late")
    wire.state = State.CLOSING
    box.release()
    assert wire.calls == []
