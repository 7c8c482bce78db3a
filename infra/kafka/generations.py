"""Generations of topics, starts of applications, and the consumer group that follows from both.

A broker that lost records and was filled again hands out offsets below those a group has committed, and its clients
skip whatever comes back there. So a group's name carries the generations of its topics; a raised generation is a new
group, which begins from the tracking rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from infra.kafka.tracking import Heard


@dataclass(frozen=True, slots=True)
class Group:
    """A consumer group of `application`; `start` is given on a broker that never forgets a dead member."""

    application: str
    generations: dict[str, int]
    """By topic, as they were when the group was named."""
    start: int | None
    heard: Heard = field(default_factory=lambda: Heard({}), compare=False)
    """What came to this member of the group."""

    @property
    def name(self) -> str:
        name = f"{self.application}.g{sum(self.generations.values())}"
        return name if self.start is None else f"{name}.s{self.start}"


async def read_generations(connection: AsyncConnection[TupleRow], topics: Sequence[str]) -> dict[str, int]:
    """The generation of each topic; 1 for one that never lost anything."""
    rows = await connection.execute(
        "SELECT topic, generation FROM ops.generations WHERE topic = ANY(%s)", (list(topics),)
    )
    found = {str(topic): int(generation) for topic, generation in await rows.fetchall()}
    return {topic: found.get(topic, 1) for topic in topics}


async def raise_generation(connection: AsyncConnection[TupleRow], topic: str) -> int:
    """Raise the generation of `topic` in the caller's transaction, and return it."""
    row = await connection.execute(
        "INSERT INTO ops.generations AS held (topic, generation) VALUES (%s, 2)"
        " ON CONFLICT (topic) DO UPDATE SET generation = held.generation + 1 RETURNING generation",
        (topic,),
    )
    found = await row.fetchone()
    assert found is not None
    return int(found[0])


async def count_start(connection: AsyncConnection[TupleRow], application: str) -> int:
    """How often `application` was started, this start included."""
    row = await connection.execute(
        "INSERT INTO ops.starts AS held (application, count) VALUES (%s, 1)"
        " ON CONFLICT (application) DO UPDATE SET count = held.count + 1 RETURNING count",
        (application,),
    )
    found = await row.fetchone()
    assert found is not None
    return int(found[0])
