"""The Korean analyser, kiwipiepy: in this process, or in one of its own.

Loading it takes about two seconds and 300 MB, and holds the whole interpreter meanwhile: threads do not help. A process
that has other things to do lets another one load it.

`python -m matcher.lexical.morphemes` is that other one: a line of JSON with a text in, a line with its morphemes out, or
with a string that says why there are none.
"""

import json
import logging
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from kiwipiepy import Kiwi

log = logging.getLogger(__name__)

Morpheme = tuple[str, str]
"""Its form and its tag."""


class Morphemes(Protocol):
    """Cuts Korean texts. Threads may share one; the same text gives the same morphemes."""

    def of(self, text: str) -> list[Morpheme]: ...


class Here:
    """In this process, which loads the analyser once, with the first text."""

    _lock = Lock()

    def of(self, text: str) -> list[Morpheme]:
        with self._lock:
            return [(token.form, token.tag) for token in _kiwi().tokenize(text)]


class Apart:
    """In a process of its own, begun at once. One that died is begun again with the next text."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process = self._begin()

    def of(self, text: str) -> list[Morpheme]:
        """Raises ValueError if the analyser refuses the text, or its process dies of it twice."""
        with self._lock:
            for _ in range(2):
                with suppress(OSError):
                    return self._ask(text)
                log.warning("the Korean analyser's process ended and is begun again")
                self._end()
                self._process = self._begin()
        raise ValueError("the Korean analyser died of this text")

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    @property
    def pid(self) -> int:
        """Of the process as it is now."""
        return self._process.pid

    def _ask(self, text: str) -> list[Morpheme]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(text).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line.endswith(b"\n"):
            raise ConnectionError("the Korean analyser's process ended")
        found = json.loads(line)
        if isinstance(found, str):
            raise ValueError(found)
        return [(form, tag) for form, tag in found]

    def _begin(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "matcher.lexical.morphemes"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # of a last line that nobody read
                    pipe.close()


@contextmanager
def apart() -> Iterator[Apart]:
    """An analyser in a process of its own until the block ends."""
    found = Apart()
    try:
        yield found
    finally:
        found.close()


@cache
def _kiwi() -> "Kiwi":
    from kiwipiepy import Kiwi

    # The names of several words (`multi.dict`) are left out: 200 MB more, and parts find as well.
    return Kiwi(num_workers=1, load_multi_dict=False)


def main() -> None:
    """Answer until there is nobody who asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for whoever began us, who then ends us
    morphemes = Here()
    morphemes.of("한국어")
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(json.dumps(_answer(morphemes, line)).encode() + b"\n")
        sys.stdout.buffer.flush()


def _answer(morphemes: Morphemes, line: bytes) -> list[Morpheme] | str:
    try:
        return morphemes.of(json.loads(line))
    except ValueError as error:
        return str(error)


if __name__ == "__main__":
    main()
