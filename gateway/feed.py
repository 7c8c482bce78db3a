"""The order of one room's history, or of one person's inbox, at one gateway. Pure.

Frames come by number, lost, repeated and late as they like; they go out once each, in order, without a hole.
"""

from collections.abc import Iterable
from typing import Generic, TypeVar

T = TypeVar("T")
WAITING_AT_MOST = 1_000


class Feed(Generic[T]):
    """Numbered frames in, the frames that are due out."""

    __slots__ = ("_known", "_waiting", "head")

    def __init__(self) -> None:
        self.head: int | None = None
        """The last number given out; unknown until `start`, and nothing goes out before."""
        self._waiting: dict[int, T] = {}
        self._known = 0

    def start(self, head: int) -> list[tuple[int, T]]:
        """Everything up to `head` is delivered; what came meanwhile beyond it is due. The first start counts."""
        if self.head is not None:
            return []
        self.head = head
        self._waiting = {number: frame for number, frame in self._waiting.items() if number > head}
        return self._due()

    def push(self, number: int, frame: T) -> list[tuple[int, T]]:
        """A frame arrived; the frames now due."""
        self._hold(number, frame)
        return self._due()

    def fill(self, numbered: Iterable[tuple[int, T]]) -> list[tuple[int, T]]:
        """Frames read from the views; the frames now due."""
        due = []
        for number, frame in numbered:
            due += self.push(number, frame)
        return due

    def known(self, number: int) -> None:
        """The views hold everything up to `number`."""
        self._known = max(self._known, number)

    @property
    def behind(self) -> bool:
        """Whether something is missing that the views should have."""
        return self.head is not None and (bool(self._waiting) or self.head < self._known)

    def _hold(self, number: int, frame: T) -> None:
        if self.head is not None and number <= self.head:
            return
        self._waiting.setdefault(number, frame)
        if len(self._waiting) > WAITING_AT_MOST:
            # The far end is given up, since the views have it; only the near end can become due next.
            farthest = max(self._waiting)
            del self._waiting[farthest]
            self.known(farthest)

    def _due(self) -> list[tuple[int, T]]:
        if self.head is None:
            return []
        due = []
        while (frame := self._waiting.pop(self.head + 1, None)) is not None:
            self.head += 1
            due.append((self.head, frame))
        return due
