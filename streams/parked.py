"""Copies what any consumer has parked, the matcher's too, to the `…parked` topics, for people who watch.

A copy follows the row in `ops.parked`, which says whether it was made: it is made at least once, whoever is killed.
"""

import asyncio
import logging
from typing import Any, NamedTuple

import faust
from aiokafka.errors import KafkaError
from psycopg import AsyncConnection, Error
from psycopg.rows import class_row
from psycopg_pool import PoolTimeout

from infra.log import EventLog
from projections.queries.reading import Pool
from schemas.mapper import to_kafka
from schemas.topics import TOPICS

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
MOST = 100
SEND_SECONDS = 10.0

_FRESH = """
    SELECT consumer, key::text, position, topic, partition, reason FROM ops.parked
    WHERE copied_at IS NULL ORDER BY position LIMIT %s FOR UPDATE SKIP LOCKED
"""
_COPIED = "UPDATE ops.parked SET copied_at = now() WHERE consumer = %s AND key = %s::uuid AND position = %s"


class _Fresh(NamedTuple):
    consumer: str
    key: str
    position: int
    topic: str
    partition: int
    reason: str


async def keep_copying(app: faust.App, pool: Pool, store: EventLog) -> None:
    """Copy what is parked, each second, until cancelled. Any number of workers may."""
    while True:
        try:
            async with pool.connection() as connection, connection.transaction():
                copied = await _copy(app, connection, store)
        except (Error, PoolTimeout, KafkaError, TimeoutError) as error:
            log.warning("parked events are copied later: %s", error)
            copied = 0
        if copied < MOST:
            await asyncio.sleep(LOOK_SECONDS)


async def _copy(app: faust.App, connection: AsyncConnection[Any], store: EventLog) -> int:
    async with connection.cursor(row_factory=class_row(_Fresh)) as cursor:
        await cursor.execute(_FRESH, (MOST,))
        fresh = await cursor.fetchall()
    for one in fresh:
        log.error("%s parked position %d of key %s: %s", one.consumer, one.position, one.key, one.reason)
        for event in await store.read_partition(one.topic, one.partition, one.position - 1, one.position):
            key, value, headers = to_kafka(event, 0)
            why = [("yeonconsumer", one.consumer.encode()), ("yeonreason", one.reason.encode())]
            sent = await app.send(TOPICS[one.topic].parked, key=key, value=value, headers=[*headers, *why])
            async with asyncio.timeout(SEND_SECONDS):
                await sent
        await connection.execute(_COPIED, (one.consumer, one.key, one.position))
    return len(fresh)
