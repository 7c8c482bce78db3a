"""Unmistakable words are planted in every kind of store, and found; a topic's are said to go, and when."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from aiokafka import AIOKafkaProducer
from psycopg import AsyncConnection, sql
from qdrant_client import QdrantClient
from qdrant_client.models import Distance, PointStruct, VectorParams
from redis.asyncio import Redis

from infra.clock import now
from infra.kafka import topics
from infra.kafka.access import Access
from infra.settings import Settings
from matcher.index.shard import STALE
from schemas.events.question import QuestionAsked
from schemas.mapper import to_kafka
from schemas.samples import ASKER, EVENTS, SECOND
from schemas.topics import CONVERSATIONS
from streams.erasure import search
from streams.erasure.search import (
    ANEW_WITHIN,
    CHUNK,
    Left,
    in_files,
    in_indexes,
    in_postgres,
    in_qdrant,
    in_redis,
    in_topics,
)

WORDS = "화성 도마뱀 #7f3a 🦎"


async def test_words_in_texts_json_and_bytes_of_postgres_are_found(fresh_database: Callable[[], str]) -> None:
    url = fresh_database()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE public.planted (a text, b jsonb, c bytea, d text)")
        for column, value in (("a", f"x {WORDS} y"), ("b", f'{{"k": "{WORDS}"}}'), ("c", WORDS.encode())):
            statement = sql.SQL("INSERT INTO public.planted ({}) VALUES (%s)").format(sql.Identifier(column))
            connection.execute(statement, (value,))
        connection.execute("INSERT INTO public.planted (d) VALUES ('화성')")
    async with await AsyncConnection.connect(url) as connection:
        assert [one async for one in in_postgres(connection, [WORDS])] == [
            Left("PostgreSQL", "public.planted", 3)
        ]
        assert [one async for one in in_postgres(connection, ["없는 말"])] == []


async def test_words_in_every_kind_of_redis_value_are_found(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as client:
        await client.set("text", f"x{WORDS}")
        await client.hset("hash", WORDS, "1")
        await client.rpush("list", "a", WORDS)
        await client.sadd("set", WORDS)
        await client.zadd("sorted", {WORDS: 1})
        await client.xadd("stream", {"a": WORDS})
        await client.set(WORDS, "name")
        await client.set("other", "화성")
        found = {one.place async for one in in_redis(client, [WORDS])}
    assert found == {"text", "hash", "list", "set", "sorted", "stream", WORDS}


def test_words_in_files_are_found_in_parquet_and_across_pieces(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"data": [f'{{"content": "{WORDS}"}}'] * 3}), tmp_path / "a.parquet", compression="zstd"
    )
    pq.write_table(pa.table({"data": ["nothing"]}), tmp_path / "b.parquet")
    (tmp_path / "cut.bin").write_bytes(b"\0" * (CHUNK - 5) + WORDS.encode() + b"\0" * 9)
    (tmp_path / "clean.bin").write_bytes(b"\0" * 100)
    assert [one.place for one in in_files("export", tmp_path, [WORDS])] == ["a.parquet", "cut.bin"]


def test_words_in_an_index_go_within_minutes_of_the_erasure_or_of_when_it_was_not_written_anew(
    tmp_path: Path,
) -> None:
    index, late = tmp_path / "experts-v1", now() - 2 * ANEW_WITHIN
    index.mkdir()
    (index / "segment").write_bytes(WORDS.encode())

    def goes(erased_at: datetime | None) -> datetime | None:
        (one,) = in_indexes(tmp_path, [WORDS], erased_at)
        assert (one.part, one.place, one.count) == ("index", "experts-v1/segment", 1)
        return one.goes

    # the matcher has yet to remove them, or is just putting the new files in the old ones' place: there is no mark
    just_now = now()
    assert goes(just_now) == just_now + ANEW_WITHIN
    # nobody was erased, or nobody writes it anew
    assert goes(None) is None
    assert goes(late) is None
    # it could not be written anew, and is tried again
    (index / STALE).touch()
    again = goes(late)
    assert again is not None
    assert again > now()
    os.utime(index / STALE, (late.timestamp(), late.timestamp()))
    assert goes(late) is None


async def test_readable_records_of_a_person_are_counted_with_the_day_they_go(kafka_url: str) -> None:
    await topics.prepare(Settings(kafka_url=kafka_url))
    access, person = Access.at(kafka_url), uuid4()
    event = EVENTS[QuestionAsked.TYPE]
    data = event.data.model_copy(update={"asker_id": person, "content": WORDS})
    key, value, headers = to_kafka(type(event)(1, event.stream_id, 1, data, event.meta), 0)
    at = datetime(2026, 11, 20, tzinfo=UTC)
    async with AIOKafkaProducer(**access.client()) as producer:
        await producer.send_and_wait(
            CONVERSATIONS, value, key=key, headers=headers, timestamp_ms=int(at.timestamp() * 1000)
        )
    kept = timedelta(days=30)
    goes = Left("Kafka", CONVERSATIONS, 1, at + kept)
    assert [one async for one in in_topics(access, person, [], kept)] == [goes]
    assert goes in [one async for one in in_topics(access, SECOND, [WORDS], kept)]
    assert [one async for one in in_topics(access, uuid4(), ["없는 말"], kept)] == []
    assert person != ASKER


def test_payloads_of_any_collection_are_looked_through_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "PAGE_POINTS", 2)
    client = QdrantClient(":memory:")
    for name, words in (("experts", ["남", WORDS, "남", "남", f"앞 {WORDS} 뒤"]), ("answers", ["남"] * 3)):
        client.create_collection(name, VectorParams(size=1, distance=Distance.COSINE))
        points = [PointStruct(id=n, vector=[1.0], payload={"bio": word}) for n, word in enumerate(words)]
        client.upsert(name, points)

    assert list(in_qdrant(client, [WORDS])) == [Left("Qdrant", "experts", 2)]
    assert list(in_qdrant(client, ["없는 말"])) == []
    client.close()
