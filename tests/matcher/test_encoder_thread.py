"""The encoder's own thread: off the loop, questions first."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest

from matcher.encoders.contract import Encoder, Vectors
from matcher.encoders.worker import PROFILES_AT_ONCE, EncoderThread, Stopped


class Slow:
    """An encoder that notes what it is asked for, and waits at a gate."""

    identity, dim, similarity_range = "slow", 2, (0.0, 1.0)

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.began = threading.Event()
        self.calls: list[tuple[str, int, str]] = []

    def queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode("queries", texts)

    def passages(self, texts: Sequence[str]) -> Vectors:
        return self._encode("passages", texts)

    def _encode(self, kind: str, texts: Sequence[str]) -> Vectors:
        self.calls.append((kind, len(texts), threading.current_thread().name))
        self.began.set()
        assert self.gate.wait(10)
        if "fail" in texts:
            raise ValueError("cannot be encoded")
        return np.array([[len(text), 1] for text in texts], dtype=np.float32)


@pytest.fixture
async def slow() -> AsyncIterator[tuple[Slow, EncoderThread]]:
    encoder = Slow()
    thread = EncoderThread(lambda: encoder)
    await thread.start()
    yield encoder, thread
    encoder.gate.set()
    await thread.stop()


async def test_the_loop_goes_on_while_the_encoder_works(slow: tuple[Slow, EncoderThread]) -> None:
    encoder, thread = slow
    asked = asyncio.create_task(thread.queries(["abc", "de"]))
    await asyncio.to_thread(encoder.began.wait, 10)
    assert not asked.done()

    encoder.gate.set()

    assert (await asked)[:, 0].tolist() == [3, 2]
    assert encoder.calls == [("queries", 2, "encoder")]


async def test_a_question_goes_before_the_profiles_that_wait(slow: tuple[Slow, EncoderThread]) -> None:
    encoder, thread = slow
    profiles = asyncio.create_task(thread.passages(["p" * i for i in range(3 * PROFILES_AT_ONCE)]))
    await asyncio.to_thread(encoder.began.wait, 10)
    question = asyncio.create_task(thread.queries(["q"]))
    await asyncio.sleep(0)
    encoder.gate.set()

    await question
    vectors = await profiles

    assert [kind for kind, _, _ in encoder.calls] == ["passages", "queries", "passages", "passages"]
    assert vectors[:, 0].tolist() == list(range(3 * PROFILES_AT_ONCE))


async def test_a_text_that_cannot_be_encoded_is_told_and_ends_nothing(
    slow: tuple[Slow, EncoderThread],
) -> None:
    encoder, thread = slow
    encoder.gate.set()

    with pytest.raises(ValueError, match="cannot be encoded"):
        await thread.queries(["fail"])

    assert (await thread.queries(["ok"])).shape == (1, 2)


async def test_nothing_asked_is_no_work(slow: tuple[Slow, EncoderThread]) -> None:
    encoder, thread = slow

    assert (await thread.queries([])).shape == (0, 2)
    assert (await thread.passages([])).shape == (0, 2)
    assert encoder.calls == []


async def test_an_encoder_that_cannot_be_loaded_is_told_at_the_start() -> None:
    def load() -> Encoder:
        raise FileNotFoundError("no model")

    with pytest.raises(FileNotFoundError, match="no model"):
        await EncoderThread(load).start()


async def test_after_the_end_nothing_is_taken() -> None:
    thread = EncoderThread(Slow)
    await thread.start()
    await thread.stop()

    with pytest.raises(Stopped):
        await thread.queries(["late"])
