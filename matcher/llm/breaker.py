"""A circuit breaker (Nygard, Release It!): after failures in a row nobody waits for the other side. Pure: the time is
passed in."""

from dataclasses import dataclass

FAILURES = 5
OPEN_SECONDS = 30.0


@dataclass(slots=True)
class Breaker:
    """Closed, it lets calls through; open, none; after a while one, whose end says which of the two it is again."""

    failures: int = FAILURES
    """In a row, that open it."""
    open_seconds: float = OPEN_SECONDS
    _failed: int = 0
    _opened: float | None = None
    _trying: bool = False

    def lets_through(self, at: float) -> bool:
        """Whether a call may begin at `at`, in seconds; its end must be told."""
        if self._opened is None:
            return True
        if self._trying or at - self._opened < self.open_seconds:
            return False
        self._trying = True
        return True

    def succeeded(self) -> None:
        """A call ended well."""
        self._failed, self._opened, self._trying = 0, None, False

    def failed(self, at: float) -> None:
        """A call ended badly."""
        self._failed += 1
        if self._trying or self._failed >= self.failures:
            self._opened, self._trying = at, False

    def gave_up(self) -> None:
        """A call was ended by whoever asked, which says nothing of the other side."""
        self._trying = False
