"""Prototypes are encoded once, and again when anything about them is another."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from matcher.analysts.prototypes import encoded_once
from matcher.encoders.contract import Vectors

TEXTS = ["보일러가 켜지지 않아요", "세금 신고는 언제까지 하나요"]


class Counting:
    """Encodes a text as its length and the number of the call."""

    def __init__(self) -> None:
        self.calls = 0

    async def __call__(self, texts: Sequence[str]) -> Vectors:
        self.calls += 1
        return np.array([[len(text), self.calls] for text in texts], dtype=np.float32)


def only_file(directory: Path) -> Path:
    (found,) = directory.iterdir()
    return found


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


async def test_the_same_texts_are_encoded_once_for_an_encoder(tmp_path: Path) -> None:
    encode = Counting()
    first = await encoded_once(tmp_path / "matcher", "small", TEXTS, encode)
    again = await encoded_once(tmp_path / "matcher", "small", TEXTS, encode)

    assert encode.calls == 1
    assert again.dtype == np.float32
    assert np.array_equal(first, again)


async def test_another_encoder_other_texts_and_other_borders_between_them_are_encoded(tmp_path: Path) -> None:
    encode = Counting()
    await encoded_once(tmp_path, "small", TEXTS, encode)
    await encoded_once(tmp_path, "large", TEXTS, encode)
    await encoded_once(tmp_path, "small", TEXTS[:1], encode)
    await encoded_once(tmp_path, "small", TEXTS[::-1], encode)
    await encoded_once(tmp_path, "small", ["".join(TEXTS)], encode)

    assert encode.calls == 5


async def test_a_broken_file_and_a_directory_that_takes_nothing_are_done_without(tmp_path: Path) -> None:
    # given a file that was cut off, and then one of another shape
    encode = Counting()
    await encoded_once(tmp_path, "small", TEXTS, encode)
    kept = only_file(tmp_path)
    cut(kept)
    assert (await encoded_once(tmp_path, "small", TEXTS, encode))[0, 1] == 2
    np.save(kept, np.zeros((3, 2), dtype=np.float32))
    assert (await encoded_once(tmp_path, "small", TEXTS, encode))[0, 1] == 3

    # and a place that is no directory
    assert (await encoded_once(kept, "small", TEXTS, encode))[0, 1] == 4
    assert (await encoded_once(kept, "small", TEXTS, encode))[0, 1] == 5
    assert only_file(tmp_path) == kept
