"""Keeps the encoded prototypes of the categories on the disk, so that a matcher that starts again need not encode them.

The file's name is a hash of the encoder and of every text: another encoder or another text makes another file. It is no
more than a saving of two seconds: one that is missing, broken or cannot be written is done without.
"""

import contextlib
import os
from collections.abc import Awaitable, Callable, Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np

from matcher.encoders.contract import Vectors


async def encoded_once(
    directory: Path | None,
    identity: str,
    texts: Sequence[str],
    encode: Callable[[Sequence[str]], Awaitable[Vectors]],
) -> Vectors:
    """The vectors of `texts`, shape (texts, dim): from the file below `directory`, or by `encode` and kept there.

    `identity` is the encoder's. Without a directory nothing is kept.
    """
    if directory is None:
        return await encode(texts)
    path = directory / f"prototypes-{_digest(identity, texts)}.npy"
    found = _read(path, len(texts))
    if found is None:
        found = await encode(texts)
        _write(path, found)
    return found


def _digest(identity: str, texts: Sequence[str]) -> str:
    found = blake2b(digest_size=16)
    for word in (identity, *texts):
        found.update(b"%d:" % len(word.encode()) + word.encode())
    return found.hexdigest()


def _read(path: Path, count: int) -> Vectors | None:
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    fits = found.ndim == 2 and len(found) == count and found.dtype == np.float32
    return found if fits and bool(np.isfinite(found).all()) else None


def _write(path: Path, vectors: Vectors) -> None:
    whole = path.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole.open("wb") as file:
            np.save(file, vectors, allow_pickle=False)
        whole.replace(path)
