"""A small encoder that is real in all it promises: texts with letters in common are near, and it can be held up."""

from collections.abc import Sequence
from threading import Event
from zlib import crc32

import numpy as np

from matcher.encoders.contract import Vectors


class Lettered:
    """Counts trigrams in `dim` bins that depend on its name."""

    similarity_range = (0.05, 0.6)

    def __init__(self, name: str, dim: int) -> None:
        self.identity, self.dim = f"lettered-{name}", dim
        self.going = Event()
        """Cleared, nothing is encoded until it is set."""
        self.waiting = Event()
        """Set when something was to be encoded."""
        self.going.set()

    def queries(self, texts: Sequence[str]) -> Vectors:
        return self.passages(texts)

    def passages(self, texts: Sequence[str]) -> Vectors:
        self.waiting.set()
        assert self.going.wait(60)
        rows = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for at in range(len(text) + 1):
                row[crc32(f"{self.identity} {text[at : at + 2]}".encode()) % self.dim] += 1.0
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)
