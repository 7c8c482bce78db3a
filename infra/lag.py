"""How far the relay and each consumer are behind, by topic: the one place that says it, for gateways and `yeon doctor`."""

from typing import Any, NamedTuple

from psycopg import AsyncConnection
from psycopg.rows import class_row

RELAY = "relay"


class Lag(NamedTuple):
    """How far a consumer is in a topic, and by how much it is behind what was published there; in positions of the
    whole log, so that one event can stand for many. The relay is behind the store, in no topic of its own."""

    consumer: str
    topic: str
    behind: int
    """Of the partition that is furthest behind."""
    partitions_behind: int
    waiting: dict[str, int]
    """By partition that is behind (the relay's is ""), how far it is: one may stand though others move."""


# A partition of a topic in which a consumer has no row was never taken up by it, which is all of it to do.
_READ = """
WITH fed AS (SELECT DISTINCT consumer, topic FROM ops.tracking),
at AS (
    SELECT fed.consumer, fed.topic, r.partition, coalesce(t.position, 0) AS done,
           greatest(coalesce(r.position, 0) - coalesce(t.position, 0), 0) AS behind
    FROM fed LEFT JOIN ops.relay_checkpoints r USING (topic)
    LEFT JOIN ops.tracking t ON (t.consumer, t.topic, t.partition) = (fed.consumer, fed.topic, r.partition)
),
relay AS (SELECT coalesce(max(position), 0) AS done FROM ops.relay_checkpoints),
store AS (SELECT greatest(head.position - relay.done, 0) AS behind FROM store.log_head head, relay)
SELECT %s AS consumer, '' AS topic, store.behind, (store.behind > 0)::int AS partitions_behind,
       CASE WHEN store.behind > 0 THEN jsonb_build_object('', relay.done) ELSE '{}' END AS waiting
FROM store, relay
UNION ALL
SELECT consumer, topic, max(behind), count(*) FILTER (WHERE behind > 0),
       coalesce(jsonb_object_agg(partition::text, done) FILTER (WHERE behind > 0), '{}')
FROM at GROUP BY consumer, topic
ORDER BY topic, consumer
"""


async def read_lags(connection: AsyncConnection[Any]) -> list[Lag]:
    """The relay's first, then by topic and consumer, as of one moment."""
    async with connection.cursor(row_factory=class_row(Lag)) as cursor:
        await cursor.execute(_READ, (RELAY,))
        return await cursor.fetchall()
