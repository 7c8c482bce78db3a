"""What may be spent on a model in an hour, in calls and tokens. Pure: the time is passed in."""

from collections import deque

HOUR = 3_600.0


class Budget:
    """Counts calls and tokens over the last hour, to the second."""

    def __init__(self, calls: int, tokens: int) -> None:
        """The most of each in any 3,600 seconds."""
        self._most_calls = calls
        self._most_tokens = tokens
        self._spent: deque[tuple[float, int]] = deque()
        self._tokens = 0

    def take(self, at: float, tokens: int) -> bool:
        """Spend a call of about `tokens` at `at` (seconds, never less than before) if both are still there."""
        while self._spent and self._spent[0][0] <= at - HOUR:
            self._tokens -= self._spent.popleft()[1]
        if len(self._spent) >= self._most_calls or self._tokens + tokens > self._most_tokens:
            return False
        self._spent.append((at, tokens))
        self._tokens += tokens
        return True

    def correct(self, at: float, tokens: int) -> None:
        """A call that was taken cost `tokens` more than expected, or less if negative."""
        for i in range(len(self._spent) - 1, -1, -1):
            if self._spent[i][0] == at:
                self._spent[i] = (at, max(self._spent[i][1] + tokens, 0))
                break
        self._tokens = sum(one for _, one in self._spent)
