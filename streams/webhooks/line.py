"""What waits for an endpoint, and whose turn it is. Pure: the time and chance are handed in.

Events of a key go one after the other; a key whose event failed waits, the others do not. An endpoint that fails
with one key after another is taken to be away as a whole: then one event at a time is tried, in longer and longer
pauses, until one is taken.
"""

import heapq
from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

LONG_AGO = datetime.min.replace(tzinfo=UTC)
AWAY_KEYS = 3
"""An endpoint is away if so many keys failed since anything succeeded."""
SLOWEST_PROBE = timedelta(seconds=60)
"""The longest pause between two attempts at an endpoint that is away."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How failures are met."""

    first_retry: timedelta = timedelta(seconds=1)
    slowest_retry: timedelta = timedelta(minutes=15)
    attempts: int = 15
    """Counted failures after which an event is parked."""
    at_once: int = 8
    """Most requests to one endpoint at a time."""

    def pause(self, failures: int, chance: float) -> timedelta:
        """After so many failures (from 1): doubled each time, of which half to all is waited (`chance` in 0..1)."""
        whole: timedelta = min(self.first_retry * (1 << min(failures - 1, 30)), self.slowest_retry)
        return whole * (0.5 + chance / 2)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that is to be sent: a row of `ops.webhook_queue`."""

    position: int
    key: UUID
    tries: int = 0
    counted: int = 0
    """Failures that are the event's own: it was refused, or others were taken since it failed before."""
    failed_at: datetime | None = None
    due_at: datetime = LONG_AGO
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that was not answered with 2xx."""

    reason: str
    refused: bool
    """Whether the endpoint's program said no, rather than nothing, or that it is busy."""
    retry_after: timedelta | None = None


class Line:
    """All that waits for one endpoint."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._keys: dict[UUID, deque[Waiting]] = {}
        self._due: list[tuple[datetime, int, UUID]] = []
        """The first of each key that is not under way."""
        self._under_way: set[UUID] = set()
        self._failing: set[UUID] = set()
        """The keys that failed since anything succeeded."""
        self._probes = 0
        self._resume_at = LONG_AGO
        self._succeeded_at = LONG_AGO

    def __len__(self) -> int:
        return sum(map(len, self._keys.values()))

    @property
    def away(self) -> bool:
        """Whether the endpoint as a whole seems to be away."""
        return len(self._failing) >= AWAY_KEYS

    def add(self, waiting: Waiting) -> None:
        """Events come in the order of their positions."""
        behind = self._keys.setdefault(waiting.key, deque())
        behind.append(waiting)
        if len(behind) == 1:
            self._push(waiting)

    def take(self, at: datetime) -> Waiting | None:
        """The next whose turn it is at `at`, if another may be under way; finish it with `succeeded` or `failed`."""
        if len(self._under_way) >= (1 if self.away else self._policy.at_once):
            return None
        if not self._due or self._due[0][0] > at or (self.away and self._resume_at > at):
            return None
        key = heapq.heappop(self._due)[2]
        self._under_way.add(key)
        return self._keys[key][0]

    def next_at(self) -> datetime | None:
        """When the next turn comes, if that only takes time."""
        if not self._due:
            return None
        return max(self._due[0][0], self._resume_at) if self.away else self._due[0][0]

    def succeeded(self, waiting: Waiting, at: datetime) -> None:
        """It was taken; the next of its key may follow."""
        self._failing.clear()
        self._probes = 0
        self._resume_at = LONG_AGO
        self._succeeded_at = at
        self._under_way.discard(waiting.key)
        behind = self._keys[waiting.key]
        behind.popleft()
        if behind:
            self._push(behind[0])
        else:
            del self._keys[waiting.key]

    def failed(self, waiting: Waiting, failure: Failure, at: datetime, chance: float) -> Waiting | None:
        """What becomes of it: as it waits now, or None if that was once too often and it is to be parked (`leave`)."""
        self._failing.add(waiting.key)
        alive = waiting.failed_at is not None and self._succeeded_at > waiting.failed_at
        counted = waiting.counted + (failure.refused or alive)
        if self.away:
            self._probes += 1
            pause = min(self._policy.pause(self._probes, chance), SLOWEST_PROBE)
            self._resume_at = at + max(pause, failure.retry_after or timedelta(0))
        if counted >= self._policy.attempts:
            return None
        tries = waiting.tries + 1
        pause = max(self._policy.pause(tries, chance), failure.retry_after or timedelta(0))
        again = replace(
            waiting,
            tries=tries,
            counted=counted,
            failed_at=at,
            due_at=at + min(pause, self._policy.slowest_retry),
            reason=failure.reason,
        )
        self._under_way.discard(waiting.key)
        self._keys[waiting.key][0] = again
        self._push(again)
        return again

    def leave(self, key: UUID) -> list[Waiting]:
        """Take a key, whose first event is under way, out of the line, with all that is behind it."""
        self._under_way.discard(key)
        self._failing.discard(key)
        return list(self._keys.pop(key))

    def _push(self, waiting: Waiting) -> None:
        heapq.heappush(self._due, (waiting.due_at, waiting.position, waiting.key))
