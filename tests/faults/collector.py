"""`python -m tests.faults.collector`: a consumer as ours are, which notes every position it applies, in order.

Notes and tracking change in one transaction, as a view's rows do. It starts itself anew when a generation is raised.
"""

import logging

from psycopg import AsyncConnection

from infra.kafka import topics
from infra.kafka.app import Batch, build_app, consume
from infra.kafka.beginning import prepare_group
from infra.kafka.intake import in_order
from infra.kafka.process import persist, run_app, run_process
from infra.kafka.tracking import read_tracking
from infra.log import EventLog
from infra.postgres import pool
from infra.settings import Settings
from schemas.topics import TOPICS

CONSUMER = "collector"
FED = dict.fromkeys(TOPICS, (CONSUMER,))
TABLE = """
    CREATE TABLE IF NOT EXISTS collected
    (n bigserial PRIMARY KEY, topic text, partition int, position bigint, event_id text)
"""
TRACK = """
    INSERT INTO ops.tracking VALUES (%s, %s, %s, %s)
    ON CONFLICT (consumer, topic, partition) DO UPDATE SET position = excluded.position
"""
NOTE = "INSERT INTO collected (topic, partition, position, event_id) VALUES (%s, %s, %s, %s)"


async def collect(settings: Settings) -> None:
    async with pool(settings.postgres_url, "collector") as connections:
        store = EventLog(connections)

        async def apply(batch: Batch) -> None:
            async with connections.connection() as connection, connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock(77)")
                events = await in_order(await read_tracking(connection, FED), batch, store)
                cursor = connection.cursor()
                await cursor.executemany(
                    NOTE, [(e.topic, e.partition, e.position, e.event_id) for e in events]
                )
                last = {(e.topic, e.partition): e.position for e in events}
                await cursor.executemany(
                    TRACK, [(CONSUMER, *place, position) for place, position in last.items()]
                )

        await persist("topics", lambda: topics.prepare(settings))
        group = await persist("offsets", lambda: prepare_group(CONSUMER, settings, FED))
        app = build_app(group, settings)
        consume(app, group, FED, apply)
        await run_app(app, settings, FED, group, patience=5)


async def main() -> None:
    settings = Settings()
    async with await AsyncConnection.connect(settings.postgres_url, autocommit=True) as connection:
        await connection.execute(TABLE)
    await collect(settings)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    for chatty in ("aiokafka", "faust", "mode"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    run_process(main)
