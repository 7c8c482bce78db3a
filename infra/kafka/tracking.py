"""How far consumers have come, and whether they move: the health of an application is its progress."""

from collections.abc import Iterable, Mapping, Sequence
from math import inf

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from infra.kafka.offsets import Checkpoint
from schemas.topics import TOPICS

Consumers = Mapping[str, Sequence[str]]
"""For each topic, the names in `ops.tracking` of the consumers that an application feeds from it."""
Positions = dict[tuple[str, int], int]


async def read_tracking(connection: AsyncConnection[TupleRow], consumers: Consumers) -> Positions:
    """Per partition of each topic the lowest position that any of its consumers has reached."""
    rows = await connection.execute(
        "SELECT topic, partition, consumer, position FROM ops.tracking WHERE topic = ANY(%s)",
        (list(consumers),),
    )
    found = {
        (topic, partition, consumer): position
        for topic, partition, consumer, position in await rows.fetchall()
    }
    return {
        (topic, partition): min((int(found.get((topic, partition, name), 0)) for name in names), default=0)
        for topic, names in consumers.items()
        for partition in range(TOPICS[topic].partitions)
    }


async def read_published(connection: AsyncConnection[TupleRow], topics: Sequence[str]) -> Positions:
    """Per partition the position of the last event the broker acknowledged to the relay."""
    rows = await connection.execute(
        "SELECT topic, partition, position FROM ops.relay_checkpoints WHERE topic = ANY(%s)", (list(topics),)
    )
    return {(topic, partition): int(position) for topic, partition, position in await rows.fetchall()}


async def read_checkpoints(
    connection: AsyncConnection[TupleRow], generations: Mapping[str, int]
) -> dict[tuple[str, int], Checkpoint]:
    """The last record of each partition that the broker acknowledged to the relay, in these generations of the topics."""
    rows = await connection.execute(
        "SELECT topic, partition, generation, broker_offset, position FROM ops.relay_checkpoints"
        " WHERE topic = ANY(%s)",
        (list(generations),),
    )
    return {
        (topic, partition): Checkpoint(offset, position)
        for topic, partition, generation, offset, position in await rows.fetchall()
        if generation == generations[topic] and position
    }


class Progress:
    """Remembers for how long events have waited in each partition without one being applied."""

    def __init__(self) -> None:
        self._behind: dict[tuple[str, int], tuple[int, float]] = {}
        """Since when each partition that is behind stands where."""

    def stood(
        self, reached: Mapping[tuple[str, int], int], published: Mapping[tuple[str, int], int], now: float
    ) -> dict[tuple[str, int], float]:
        """The partitions of `reached` in which events wait, and for how many seconds nothing moved there, as of `now`
        (seconds of any steady clock)."""
        behind: dict[tuple[str, int], tuple[int, float]] = {}
        for at, position in reached.items():
            if published.get(at, 0) > position:
                held, since = self._behind.get(at, (position, now))
                behind[at] = (position, since if held == position else now)
        self._behind = behind
        return {at: now - since for at, (_, since) in behind.items()}


class Heard:
    """How far the stream of each partition came to this process, whatever became of what came.

    `begun` are the positions that streams were made to begin after, where that is known.
    """

    def __init__(self, begun: Mapping[tuple[str, int], int]) -> None:
        self._reached = dict(begun)
        self._last: dict[tuple[str, int], float] = {}

    def hear(self, at: tuple[str, int], position: int, now: float) -> None:
        """Note that the event at `position` came, at `now` (seconds of any steady clock); it may have come before."""
        self._reached[at] = max(self._reached.get(at, 0), position)
        self._last[at] = now

    def silent(self, stood: Mapping[tuple[str, int], float], now: float) -> dict[tuple[str, int], float]:
        """Partitions that stand still, and for how many seconds nothing came there either.

        A topic that is filled anew brings all that was seen before what is waited for: nothing is applied meanwhile.
        """
        return {at: min(seconds, now - self._last.get(at, -inf)) for at, seconds in stood.items()}

    def reached(
        self, assigned: Iterable[tuple[str, int]], published: Mapping[tuple[str, int], int]
    ) -> Positions:
        """For each of the `assigned` partitions the position after which events must come by themselves.

        Of a partition that is new here it is what is `published`: its group may have committed all of that before.
        """
        self._reached = {at: self._reached.get(at, published.get(at, 0)) for at in assigned}
        return dict(self._reached)


def stuck(stood: Mapping[tuple[str, int], float], patience: float) -> list[tuple[str, int]]:
    """The partitions that do not get on: all that wait, if none moved for `patience` seconds, or, since partitions
    with a backlog hold others up, one that did not move for ten times as long."""
    if stood and min(stood.values()) >= patience:
        return list(stood)
    return [at for at, seconds in stood.items() if seconds >= 10 * patience]
