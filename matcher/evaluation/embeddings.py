"""Vectors of texts, each encoded once: kept by content and encoder in a file below the data directory."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import numpy as np

from matcher.encoders.contract import Encoder, Vector

_AT_ONCE = 8


class Embeddings:
    """A cache in SQLite in front of encoders that are alike; several encode side by side."""

    def __init__(self, path: Path, encoders: Sequence[Encoder]) -> None:
        self._path = path
        self._encoders = encoders
        self._identity = encoders[0].identity

    def queries(
        self, texts: Sequence[str], done: Callable[[int], None] = lambda count: None
    ) -> Mapping[str, Vector]:
        """The vector of each text, encoded as a question. `done` is told how many more are ready, as they come."""
        wanted = {self._key(text): text for text in texts}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=30)) as database:
            database.execute(
                "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID"
            )
            found = {
                key: np.frombuffer(row[0], dtype=np.float32)
                for key in wanted
                if (row := database.execute("SELECT vector FROM vectors WHERE key = ?", (key,)).fetchone())
            }
            done(len(found))
            missing = [key for key in wanted if key not in found]
            # Texts of one length go together: a batch is as slow as its longest.
            missing.sort(key=lambda key: len(wanted[key]))
            parts = [missing[i : i + _AT_ONCE] for i in range(0, len(missing), _AT_ONCE)]
            idle = list(self._encoders)

            def encode(
                part: list[bytes],
            ) -> tuple[list[bytes], np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
                encoder = idle.pop()
                try:
                    return part, encoder.queries([wanted[key] for key in part])
                finally:
                    idle.append(encoder)

            with ThreadPoolExecutor(len(self._encoders)) as pool:
                for part, vectors in pool.map(encode, parts):
                    found |= dict(zip(part, vectors, strict=True))
                    rows = [(key, vector.tobytes()) for key, vector in zip(part, vectors, strict=True)]
                    database.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
                    database.commit()
                    done(len(part))
        return {text: found[key] for key, text in wanted.items()}

    def _key(self, text: str) -> bytes:
        return sha256(f"{self._identity}\0query\0{text}".encode()).digest()
