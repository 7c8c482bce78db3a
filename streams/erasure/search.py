"""Looks for texts in everything we keep: PostgreSQL, the topics, Redis, Qdrant, and files (those people
sent, on a disk or in a bucket, exports, the index).

A text is looked for as it stands, as JSON escapes it, and as PostgreSQL shows bytes. Of a person, the topics are also
searched for every field that the catalogue calls theirs.
"""

import json
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pyarrow.parquet as pq
from aiokafka import AIOKafkaConsumer
from psycopg import AsyncConnection, sql
from qdrant_client import QdrantClient
from redis.asyncio import Redis

from infra.clock import now
from infra.files import FileGone, FileStore
from infra.kafka.access import Access
from matcher.index.shard import STALE
from schemas.mapper import from_kafka
from schemas.personal import take_out, written
from schemas.topics import TOPICS

FETCH_MS = 500
CHUNK = 1 << 20
PAGE_ROWS = 10_000
PAGE_POINTS = 1_000
ANEW_WITHIN = timedelta(minutes=10)
"""After this long an index that was not written anew is not on its way to be."""

_TABLES = """
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
    UNION ALL SELECT 'pg_catalog', 'pg_stats' ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Left:
    """Something that can still be read: where, how many places, and when it goes by itself (None: it stays)."""

    part: str
    place: str
    count: int
    goes: datetime | None = None


def needles(texts: Sequence[str]) -> list[bytes]:
    """The bytes by which `texts` show: as they are, and inside JSON that escapes what is not ASCII."""
    forms = {form for text in texts for form in (text, json.dumps(text)[1:-1]) if form}
    return sorted(form.encode() for form in forms)


async def in_postgres(connection: AsyncConnection[Any], texts: Sequence[str]) -> AsyncIterator[Left]:
    """Rows of any table that hold one of `texts`, in texts, JSON or bytes."""
    patterns = [needle.decode() for needle in needles(texts)] + [needle.hex() for needle in needles(texts)]
    tables = await (await connection.execute(_TABLES)).fetchall()
    for schema, table in tables:
        statement = sql.SQL(
            "SELECT count(*) FROM {} AS t WHERE EXISTS (SELECT FROM unnest(%s::text[]) AS p WHERE strpos(t::text, p) > 0)"
        ).format(sql.Identifier(schema, table))
        row = await (await connection.execute(statement, (patterns,))).fetchone()
        if row is not None and row[0]:
            yield Left("PostgreSQL", f"{schema}.{table}", row[0])


async def in_topics(
    access: Access, person: UUID, texts: Sequence[str], kept: timedelta
) -> AsyncIterator[Left]:
    """Records that hold one of `texts`, or any words of `person`; they go when the topic has `kept` them long enough."""
    sought = needles(texts)
    there = await _topics(access)
    for name in [name for topic in TOPICS.values() for name in (topic.name, topic.parked) if name in there]:
        count, latest = 0, 0
        async for record in _records(access, name):
            raw = record.value + b"".join(value for _, value in record.headers)
            if any(needle in raw for needle in sought) or _holds_words_of(person, record):
                count, latest = count + 1, max(latest, record.timestamp)
        if count:
            yield Left("Kafka", name, count, datetime.fromtimestamp(latest / 1000, UTC) + kept)


async def in_redis(client: "Redis", texts: Sequence[str]) -> AsyncIterator[Left]:
    """Keys that hold one of `texts`, in their name or their value."""
    sought = needles(texts)
    async for key in client.scan_iter(count=1_000):
        value = await _value(client, key)
        if any(needle in key + value for needle in sought):
            yield Left("Redis", key.decode(errors="replace"), 1)


def in_qdrant(client: QdrantClient, texts: Sequence[str]) -> Iterator[Left]:
    """Points of any collection of a Qdrant server whose payload holds one of `texts`."""
    sought = needles(texts)
    for collection in client.get_collections().collections:
        count, offset = 0, None
        while True:
            points, offset = client.scroll(
                collection.name, limit=PAGE_POINTS, offset=offset, with_payload=True
            )
            payloads = (orjson.dumps(point.payload, default=_plain) for point in points)
            count += sum(any(needle in payload for needle in sought) for payload in payloads)
            if offset is None:
                break
        if count:
            yield Left("Qdrant", collection.name, count)


async def in_store(store: FileStore, person: UUID, texts: Sequence[str]) -> AsyncIterator[Left]:
    """Files that people sent, on a disk or in a bucket, that are `person`'s or hold one of `texts` as they are kept."""
    sought = needles(texts)
    async for owner, file_id in store.held():
        with suppress(FileGone):  # removed since it was listed
            content = await store.get(owner, file_id)
            if owner == person or any(needle in content for needle in sought):
                yield Left("files", f"{owner}/{file_id}", 1)


def in_files(part: str, directory: Path, texts: Sequence[str]) -> Iterator[Left]:
    """Files below `directory` that hold one of `texts`; Parquet is looked into, everything else byte by byte."""
    sought = needles(texts)
    there = (Path(place, name) for place, _, names in os.walk(directory) for name in names)
    for path in sorted(path for path in there if path.is_file()):
        pieces = _rows(path) if path.suffix == ".parquet" else _bytes(path, max(map(len, sought), default=0))
        with suppress(FileNotFoundError):  # removed since it was listed
            if any(needle in piece for piece in pieces for needle in sought):
                yield Left(part, str(path.relative_to(directory)), 1)


def in_indexes(directory: Path, texts: Sequence[str], erased_at: datetime | None) -> Iterator[Left]:
    """Files of the embedded indexes below `directory` that hold one of `texts`. They go when the matcher has written the
    index anew that the person was removed from: within minutes of their erasure, or of when it last failed to, as long
    as it runs."""
    for one in in_files("index", directory, texts):
        since = [erased_at] if erased_at else []
        mark = directory / Path(one.place).parts[0] / STALE
        with suppress(FileNotFoundError):
            since.append(datetime.fromtimestamp(mark.stat().st_mtime, UTC))
        goes = max(since) + ANEW_WITHIN if since else None
        yield replace(one, goes=goes if goes and goes > now() else None)


def _holds_words_of(person: UUID, record: Any) -> bool:
    try:
        data = from_kafka(record.value, record.headers).event.data
    except (KeyError, ValueError):
        return False  # No event of ours: only its bytes can be searched.
    return person in take_out(written(data), type(data))


async def _topics(access: Access) -> set[str]:
    consumer = AIOKafkaConsumer(**access.client(), enable_auto_commit=False)
    await consumer.start()
    try:
        return set(await consumer.topics())
    finally:
        await consumer.stop()


async def _records(access: Access, topic: str) -> AsyncIterator[Any]:
    """Every record of a topic, up to its present end."""
    consumer = AIOKafkaConsumer(
        topic, **access.client(), enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        places = consumer.assignment()
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=FETCH_MS)).values():
                for record in records:
                    yield record
    finally:
        await consumer.stop()


async def _value(client: "Redis", key: bytes) -> bytes:
    kind: Any = await client.type(key)  # its types say str, and it answers bytes
    match kind.decode():
        case "string":
            value: Any = await client.get(key)
        case "hash":
            value = await client.hgetall(key)
        case "list":
            value = await client.lrange(key, 0, -1)
        case "set":
            value = await client.smembers(key)
        case "zset":
            value = await client.zrange(key, 0, -1)
        case "stream":
            value = await client.xrange(key)
        case _:
            value = b""
    return b"\n".join(_flat(value))


def _flat(value: Any) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(name)
            yield from _flat(inner)
    elif isinstance(value, list | tuple | set):
        for inner in value:
            yield from _flat(inner)


def _bytes(path: Path, overlap: int) -> Iterator[bytes]:
    """A file in pieces that overlap, so that nothing is cut in two unseen."""
    with path.open("rb") as file:
        before = b""
        while chunk := file.read(CHUNK):
            yield before + chunk
            before = chunk[-overlap:] if overlap else b""


def _rows(path: Path) -> Iterator[bytes]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(PAGE_ROWS):
            yield orjson.dumps(batch.to_pylist(), default=_plain)


def _plain(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
