"""What an encoder promises: the same text always gives the same unit vector, under one lasting identity."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
"""Shape (n, dim), each row of length 1, so that a dot product is the cosine similarity."""
Vector = npt.NDArray[np.float32]
"""Shape (dim,), of length 1."""

QUERY_PREFIX = "query: "
PASSAGE_PREFIX = "passage: "
"""What E5 models want in front of a question and of a text to be found (Wang et al. 2022, section 4)."""

E5_RANGE = (0.80, 0.90)
"""Measured with multilingual-e5-small, 14 questions and 62 profiles in Korean and English: unrelated pairs have a
median of 0.80, the right experts 0.85 to 0.93."""


class Encoder(Protocol):
    """Synchronous and slow; callers keep it on a thread of its own (`matcher.encoders.worker`)."""

    @property
    def identity(self) -> str:
        """Names the model and everything that changes its vectors. Vectors of two identities never mix."""
        ...

    @property
    def dim(self) -> int: ...

    @property
    def similarity_range(self) -> tuple[float, float]:
        """Cosines between which the answers lie: of a question and a passage that have nothing to do with each
        other, and of two that fit. E5's are all high and close together."""
        ...

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors of questions; shape (len(texts), dim)."""
        ...

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of texts to be found by questions; shape (len(texts), dim)."""
        ...
