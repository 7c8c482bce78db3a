"""Unmistakable words of somebody are in every store; they ask to be forgotten; what is left is looked for byte by byte
on the disks, by this test and by `yeon erase verify`."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code

from infra.kafka.topics import bootstrap
from infra.settings import STACK_FILE
from schemas.topics import TOPICS
from tests.stories.conftest import NewPerson, Stack
from tests.stories.people import Person
from tests.stories.remains import on_disk, planted
from tests.stories.test_rebuilt_from_nothing import yeon

MARK = "9zq4k"
"""In every word, so that one look finds any of them."""
NAME, BIO, SPECIALTY = f"보라매#n{MARK}", f"코끼리#b{MARK} 돌보기", f"수달#s{MARK}"
QUESTION, MESSAGE, COMMENT = (
    f"자수정 기린#q{MARK} 은 어디서 사나요?",
    f"호박 문어#m{MARK} 를 보았어요",
    f"사슴#c{MARK}",
)
FILE = f"진주거미#f{MARK}"
WORDS = [
    word
    for text in (NAME, BIO, SPECIALTY, QUESTION, MESSAGE, COMMENT, FILE)
    for word in text.split()
    if MARK in word
]


async def until(true: Callable[[], bool], seconds: float, what: Callable[[], object] = lambda: "") -> None:
    try:
        async with asyncio.timeout(seconds):
            while not true():
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError(f"not within {seconds} s: {what()}") from None


def key_of(url: str, user_id: str) -> bytes | None:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT key FROM store.person_keys WHERE user_id = %s", (user_id,)
        ).fetchone()
    return row[0] if row else None


def cleared(url: str, user_id: str) -> bool:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT cleared_at IS NOT NULL FROM store.erased_persons WHERE user_id = %s", (user_id,)
        ).fetchone()
    return bool(row and row[0])


async def says_everything(one: Person, expert: Person) -> tuple[str, str]:
    """`one` leaves words wherever words can be left; the question and its room."""
    question = await one.ask(QUESTION)
    await expert.offered(question["id"])
    room = (await expert.send("accept_question", questionId=question["id"]))["roomId"]
    await one.frame("room_opened", roomId=room)
    await one.send("join_room", roomId=room)
    await one.say(room, MESSAGE, "m1")
    await expert.send("join_room", roomId=room, afterSeq=0)
    await expert.frame("new_message", roomId=room, seq=1)
    await expert.say(room, "바닷가예요.", "m2")
    await one.frame("new_message", roomId=room, seq=2)
    sent = {"file": (f"{FILE}.txt", f"안에도 {FILE}".encode(), "text/plain")}
    answer = await one.rest.post(f"/chat-rooms/{room}/files", files=sent, data={"clientMsgId": "f1"})
    assert answer.status_code == 201, answer.text
    resolved = await one.rest.put(f"/questions/{question['id']}/status", json={"status": "resolved"})
    assert resolved.status_code == 200, resolved.text
    stars = {"expertId": expert.id, "stars": 5, "comment": COMMENT}
    rated = await one.rest.post(f"/questions/{question['id']}/ratings", json=stars)
    assert rated.status_code in (200, 201), rated.text
    shared = await one.rest.put(f"/questions/{question['id']}/archive", json={"shared": True})
    assert shared.status_code == 200, shared.text
    return question["id"], room


async def retain(kafka: str, **configs: str) -> None:
    """Set the topics' configuration to `configs` alone."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap(kafka))
    await admin.start()
    try:
        named = {name.replace("_", "."): value for name, value in configs.items()}
        asked = [ConfigResource(ConfigResourceType.TOPIC, topic, named) for topic in TOPICS]
        for answer in await admin.alter_configs(asked):
            for code, *_ in answer.resources:
                assert code == 0, for_code(code)
    finally:
        await admin.close()


@pytest.mark.timeout(300)
async def test_nothing_of_a_forgotten_person_is_left_once_retention_ran_out(
    person: NewPerson, stack: Stack, tmp_path: Path, broker_kind: str
) -> None:
    addresses = json.loads((stack.data_dir / STACK_FILE).read_text())
    url = addresses["postgres_url"]

    # given somebody whose words are in the store, the views, the topics, the indexes, an export and a backup
    bio = "자수정으로 깎은 기린을 어디서 사는지 잘 알아요."
    expert = await person("expert", "답하는 이", [("자수정 기린", 5)], bio=bio)
    asker = await person("both", NAME, [(SPECIALTY, 4)], bio=BIO)
    question, room = await says_everything(asker, expert)
    key = key_of(url, asker.id)
    assert key is not None
    exports, store, keys = tmp_path / "out" / "exports", tmp_path / "out" / "store.zip", tmp_path / "keys"
    assert (await yeon(stack, "log", "export", "--out", str(exports)))[0] == 0
    assert (await yeon(stack, "backup", str(store), "--keys", str(keys)))[0] == 0
    words = planted([MARK.encode()])
    before = {path.parts[0] for path in on_disk(stack.data_dir, words)}
    assert {"postgres", "qdrant"} <= before
    assert "kafka" in before or broker_kind != "apache"  # the embedded broker's files are packed

    # when they ask to be forgotten
    assert (await asker.rest.delete("/users/profile")).status_code == 204
    await until(lambda: cleared(url, asker.id), 40)

    # then no export or backup shows them, and `yeon erase verify` finds only topics, which it says will go, and the index
    assert on_disk(tmp_path / "out", words) == set()
    asked = ["erase", "verify", asker.id, "--exports", str(tmp_path / "out"), "--json"]
    asked += [word for text in WORDS for word in ("--text", text)]

    async def left() -> tuple[int | None, dict[str, Any]]:
        code, said = await yeon(stack, *asked)
        return code, json.loads(said)

    code, found = await left()
    assert {one["part"] for one in found["left"]} <= {"Kafka", "index"}, found
    assert all(one["goes"] for one in found["left"]), found

    # and once the topics' time is over and PostgreSQL's disk is scrubbed, then no byte of theirs, nor of their key, is on
    # any disk: the matcher has written its indexes anew by itself
    assert (await yeon(stack, "rebuild", "all"))[0] == 0
    code, said = await yeon(stack, "erase", "scrub")
    assert code == 0, said
    if broker_kind == "apache":
        await retain(addresses["kafka_url"], **{"retention.ms": "1", "file.delete.delay.ms": "1"})
    else:
        assert (await yeon(stack, "rebuild", "topics"))[0] == 0
    remain: set[Path] = set()

    def nothing_on_disk() -> bool:
        nonlocal remain
        remain = on_disk(stack.data_dir, [*words, *planted([key])])
        return remain == set()

    try:
        await until(nothing_on_disk, 150, lambda: sorted(map(str, remain)))
        code, after = await left()
    finally:
        if broker_kind == "apache":
            await retain(addresses["kafka_url"], **{"retention.ms": "2592000000"})
    assert (code, after["left"]) == (0, [])

    # and the conversation still reads sensibly for the other, and the log tells its story
    theirs, own = (await expert.history(room))[:2]
    assert own["content"] == "바닷가예요."
    assert (theirs["content"] or "") == ""
    assert (await yeon(stack, "log", "story", question))[0] == 0
