"""What the relay remembers, in PostgreSQL, on the one connection whose advisory lock makes it the active relay.

If that connection is gone the lock is, and so is the right to write here: another relay may be active by then.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from infra.kafka.generations import raise_generation, read_generations
from schemas.topics import TOPICS
from streams.relay.standing import NOTHING, Mark, Partition

LOCK = 0x7965_6F6E_0010
"""The advisory lock of the active relay."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The checkpoints and generations, through the connection that holds the lock."""

    connection: AsyncConnection[TupleRow]

    async def take_over(self) -> bool:
        """Become the active relay, if no other is."""
        row = await self.connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,))
        found = await row.fetchone()
        if found is None or not found[0]:
            return False
        # A checkpoint that a crash of PostgreSQL takes back costs nothing: the relay reads on from an older one and
        # finds in Kafka what it had written after it. So no append waits for our flushes, nor we for theirs.
        await self.connection.execute("SET synchronous_commit = off")
        return True

    async def marks(self) -> dict[Partition, Mark]:
        """The last record of every partition that the broker acknowledged."""
        rows = await self.connection.execute(
            "SELECT topic, partition, broker_offset, position FROM ops.relay_checkpoints"
        )
        found = {
            (topic, partition): Mark(offset, position)
            for topic, partition, offset, position in await rows.fetchall()
        }
        return {
            (topic.name, partition): found.get((topic.name, partition), NOTHING)
            for topic in TOPICS.values()
            for partition in range(topic.partitions)
        }

    async def head(self) -> int:
        """Every event up to this position is on its partition."""
        row = await self.connection.execute("SELECT position FROM ops.relay_head")
        found = await row.fetchone()
        return int(found[0]) if found else 0

    async def generations(self) -> dict[str, int]:
        """The generation of every topic."""
        return await read_generations(self.connection, list(TOPICS))

    async def save(self, marks: Mapping[Partition, Mark], generations: Mapping[str, int], head: int) -> None:
        """Set checkpoints, and the head, in one transaction."""
        async with self.connection.transaction():
            await self._save(marks, generations, head)

    async def raise_for(
        self, topics: Iterable[str], marks: Mapping[Partition, Mark], head: int
    ) -> dict[str, int]:
        """Raise the generation of `topics`, which lost records, and go back to `marks` and `head`, in one transaction."""
        async with self.connection.transaction():
            await self.connection.execute("SET LOCAL synchronous_commit = on")
            for topic in topics:
                await raise_generation(self.connection, topic)
            generations = await self.generations()
            await self._save(marks, generations, head)
        return generations

    async def _save(self, marks: Mapping[Partition, Mark], generations: Mapping[str, int], head: int) -> None:
        topics, partitions, offsets, positions = [], [], [], []
        for (topic, partition), mark in marks.items():
            topics.append(topic)
            partitions.append(partition)
            offsets.append(mark.offset)
            positions.append(mark.position)
        await self.connection.execute(
            "INSERT INTO ops.relay_checkpoints (topic, partition, generation, broker_offset, position)"
            " SELECT * FROM unnest(%s::text[], %s::int[], %s::int[], %s::bigint[], %s::bigint[])"
            " ON CONFLICT (topic, partition) DO UPDATE SET generation = excluded.generation,"
            " broker_offset = excluded.broker_offset, position = excluded.position",
            (topics, partitions, [generations[topic] for topic in topics], offsets, positions),
        )
        await self.connection.execute(
            "INSERT INTO ops.relay_head VALUES (true, %s) ON CONFLICT (only_row) DO UPDATE"
            " SET position = excluded.position",
            (head,),
        )
