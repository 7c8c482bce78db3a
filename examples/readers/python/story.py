"""The story of one question, read from Kafka with aiokafka and kept in SQLite.

    python story.py events.db QUESTION_ID        # YEON_KAFKA=host:port

Takes everything that is on the topic now, each event once, and prints the question's story in order. Run it again and
it goes on where it stopped: how far it is stands beside the events, in the same transaction.
"""

import asyncio
import json
import os
import sqlite3
import sys
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer

TOPIC = os.environ.get("YEON_TOPIC", "yeon.conversations.v1")

TABLES = """
    CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, position INTEGER, type TEXT, question TEXT, data TEXT);
    CREATE TABLE IF NOT EXISTS progress (partition INTEGER PRIMARY KEY, last INTEGER);
"""


Gaps = dict[int, str]
"""By partition, what is missing before the records that are there."""


def take(db: sqlite3.Connection, gaps: Gaps, partition: int, headers: Mapping[str, str], value: str) -> None:
    """Take a record if its turn has come, with `last` in the same transaction.

    A record taken before is dropped. One whose turn has not come is left: after a loss everything comes again.
    """
    position, previous = int(headers["ce_position"]), int(headers["ce_previousposition"])
    row = db.execute("SELECT last FROM progress WHERE partition = ?", (partition,)).fetchone()
    last = row[0] if row else previous
    if position <= last:
        return
    if previous > last:
        gaps[partition] = f"partition {partition}: what stood between {last} and {position} is missing"
        return
    gaps.pop(partition, None)
    with db:
        db.execute(
            # The same event has the same `ce_id` for ever, wherever the copy came from.
            "INSERT INTO events VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
            (headers["ce_id"], position, headers["ce_type"], headers["ce_partitionkey"], value),
        )
        db.execute("REPLACE INTO progress VALUES (?, ?)", (partition, position))


async def read(db: sqlite3.Connection) -> None:
    """Read to the present end of the topic. No group: Kafka's offsets may start again, `ce_position` never does."""
    gaps: Gaps = {}
    consumer = AIOKafkaConsumer(
        TOPIC,
        bootstrap_servers=os.environ["YEON_KAFKA"],
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        places = consumer.assignment()
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < ends[place] for place in places]):
            for place, records in (await consumer.getmany(timeout_ms=500)).items():
                for record in records:
                    headers = {name: raw.decode() for name, raw in record.headers}
                    take(db, gaps, place.partition, headers, record.value.decode())
    finally:
        await consumer.stop()
    if gaps:
        raise SystemExit("\n".join(gaps.values()))


def main() -> None:
    file, question = sys.argv[1:]
    db = sqlite3.connect(file)
    db.executescript(TABLES)
    asyncio.run(read(db))
    story = "SELECT position, type, data FROM events WHERE question = ? ORDER BY position"
    for position, type_name, data in db.execute(story, (question,)):
        print(position, type_name, json.dumps(json.loads(data), ensure_ascii=False))


if __name__ == "__main__":
    main()
