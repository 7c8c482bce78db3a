"""Takes up parked events again, in order and past the chain guard, once what was wrong is put right."""

from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from infra.kafka.intake import PartitionLog
from projections.catalogue import View
from projections.queries.reading import Pool
from projections.rows import Push
from projections.runner import Applied, lock
from projections.tables import LIVE
from projections.taking import Parked, take, write_apart
from schemas.topics import TOPICS

_PARKED = """
    SELECT key, position, topic, partition, reason FROM ops.parked WHERE consumer = %s ORDER BY position
"""
_FREED = "DELETE FROM ops.parked WHERE consumer = %s AND key = %s AND position = %s"
_AGAIN = "UPDATE ops.parked SET reason = %s WHERE consumer = %s AND key = %s AND position = %s"


async def release(pool: Pool, log: PartitionLog, view: View) -> Applied:
    """Applies what `view` has parked; what still cannot be taken, and what is behind it, stays parked."""
    async with pool.connection() as connection, connection.transaction():
        await lock(connection, [view], [(view.topic, n) for n in range(TOPICS[view.topic].partitions)])
        return await _release(connection, log, view)


async def _release(connection: AsyncConnection[Any], log: PartitionLog, view: View) -> Applied:
    waiting = await (await connection.execute(_PARKED, (view.consumer,))).fetchall()
    pushes: list[Push] = []
    still: list[Parked] = []
    held: set[UUID] = set()
    for key, position, topic, partition, reason in waiting:
        if key in held:
            still.append(Parked(view.consumer, key, position, topic, partition, reason))
            continue
        events = await log.read_partition(topic, partition, position - 1, position)
        taken = take(view, events, held)
        await write_apart(connection, LIVE, [taken])
        if taken.parked:
            held.add(key)
            still += taken.parked
            await connection.execute(_AGAIN, (taken.parked[0].reason, view.consumer, key, position))
        else:
            await connection.execute(_FREED, (view.consumer, key, position))
            pushes += taken.pushes
    return Applied(tuple(pushes), (), tuple(still))
