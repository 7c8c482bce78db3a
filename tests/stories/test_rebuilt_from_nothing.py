"""Every view, Redis, the index and all topics are dropped; one command later all is equal, and the clients go on."""

import asyncio
import json
import shutil
import sys
from typing import Any

import psycopg
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from redis.asyncio import Redis

from infra.kafka.topics import bootstrap
from infra.settings import STACK_FILE
from schemas.topics import TOPICS
from tests.stories.conftest import Pair, Stack


async def yeon(stack: Stack, *words: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "infra.cli", *words),
        env=stack.environment,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


async def drop_everything(stack: Stack, addresses: dict[str, Any]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap(addresses["kafka_url"]))
    await admin.start()
    await admin.delete_topics(list(TOPICS))
    await admin.close()
    async with Redis.from_url(addresses["redis_url"]) as client:
        await client.flushall()
    with psycopg.connect(addresses["postgres_url"], autocommit=True) as connection:
        connection.execute("DROP SCHEMA views CASCADE")
    indexes = list((stack.data_dir / "qdrant").glob("experts-*"))
    assert indexes, "the matcher has no index"
    for index in indexes:
        shutil.rmtree(index)
    stack.kill("-m matcher")


@pytest.mark.timeout(300)
async def test_all_that_can_be_made_again_is_made_again_by_one_command(mortal: Stack, pair: Pair) -> None:
    # given a conversation
    asker, expert, room = pair
    for number in range(20):
        await asker.say(room, f"말 {number}", f"k{number}")
    await expert.frame("new_message", roomId=room, seq=20)
    before = await asker.history(room)
    addresses = json.loads((mortal.data_dir / STACK_FILE).read_text())

    # when all that is not precious is dropped, and one command is given
    await drop_everything(mortal, addresses)
    code, said = await yeon(mortal, "rebuild", "everything")
    assert code == 0, said
    assert "rebuilt topics" in said
    assert "rebuilt the index" in said

    # then store, topics and views are equal, the history is what it was
    code, said = await yeon(mortal, "audit", "--deep", "--json")
    found = json.loads(said)
    assert [part for part in found["parts"] if part["position"] is not None] == []
    assert code == 0
    assert await asker.history(room) == before

    # and clients go on, with the next number, and experts are found
    await asker.reconnect()
    await expert.reconnect()
    await asker.send("join_room", roomId=room)
    await expert.send("join_room", roomId=room, afterSeq=20)
    assert (await asker.say(room, "다시", "again"))["seq"] == 21
    await expert.frame("new_message", roomId=room, seq=21)
    question = await asker.ask("괘종시계의 태엽이 끊어졌는데 고칠 수 있나요?")
    await expert.offered(question["id"], within=30)
