"""Gives a DuckDB file an identifier that follows from its contents, in place of the one that DuckDB drew by chance.

It stands in the main header, the first 4,096 bytes, which begin with their own checksum: 5381 xor the 64-bit words
each multiplied by a constant (`Checksum` of DuckDB's storage). Nothing else in a file is by chance if it was written by
one thread under one name of its database.
"""

from pathlib import Path

import numpy as np

HEADER = 4_096
MAGIC = slice(8, 12)
VERSION = slice(52, 84)
IDENTIFIER = slice(124, 140)
KNOWN = frozenset({b"v2.0.1"})
"""The versions of DuckDB whose header is known to be so."""


def set_identifier(path: Path, identifier: bytes) -> bool:
    """Set the 16 bytes of a closed file's identifier. False, and nothing is changed, if its header is not known here."""
    with path.open("r+b") as file:
        header = bytearray(file.read(HEADER))
        if header[MAGIC] != b"DUCK" or bytes(header[VERSION]).rstrip(b"\0") not in KNOWN:
            return False
        if header[:8] != _checksum(header):
            return False
        header[IDENTIFIER] = identifier[:16]
        header[:8] = _checksum(header)
        file.seek(0)
        file.write(header)
    return True


def _checksum(header: bytearray) -> bytes:
    words = np.frombuffer(bytes(header[8:]), dtype="<u8") * np.uint64(0xBF58476D1CE4E5B9)
    return (5381 ^ int(np.bitwise_xor.reduce(words))).to_bytes(8, "little")
