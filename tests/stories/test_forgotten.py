"""Unmistakable words of somebody are in every store; they ask to be forgotten; the words are looked for byte by byte."""

import asyncio
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from redis import Redis

from infra.settings import STACK_FILE
from tests.stories.conftest import NewPerson, Stack
from tests.stories.test_rebuilt_from_nothing import yeon

NAME, QUESTION, MESSAGE = "보라매#n41x", "자수정 기린#q92z 은 어디서 사나요?", "호박 문어#m73y 를 보았어요"
FILE = "진주거미#k55v"
WORDS = (NAME, FILE, QUESTION.split()[1], MESSAGE.split()[1])


def _forms() -> list[bytes]:
    """The words as they are, escaped as in JSON, and as PostgreSQL writes bytes."""
    plain = [word.encode() for word in WORDS] + [json.dumps(word)[1:-1].encode() for word in WORDS]
    return plain + [one.hex().encode() for one in plain]


def _postgres(url: str) -> Iterator[tuple[str, bytes]]:
    """Every table as PostgreSQL copies it out."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^(pg_|information_schema)'"
        ).fetchall()
        for schema, table in found:
            statement = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(schema, table))
            with connection.cursor().copy(statement) as copy:
                yield f"{schema}.{table}", b"".join(bytes(piece) for piece in copy)


def _redis(url: str) -> Iterator[tuple[str, bytes]]:
    with Redis.from_url(url) as client:
        for key in client.scan_iter():
            yield f"redis {key!r}", key + (client.dump(key) or b"")


def _files(directory: Path) -> Iterator[tuple[str, bytes]]:
    for path in directory.rglob("*"):
        if path.is_file():
            yield str(path), path.read_bytes()


def _left(*parts: Iterator[tuple[str, bytes]]) -> set[str]:
    forms = _forms()
    return {name for part in parts for name, content in part if any(form in content for form in forms)}


@pytest.mark.timeout(240)
async def test_nothing_of_a_forgotten_person_is_left_but_what_retention_takes(
    person: NewPerson, stack: Stack, tmp_path: Path
) -> None:
    # given words of a person in the store, the views, the topics, the index, an export and a backup
    addresses = json.loads((stack.data_dir / STACK_FILE).read_text())
    url, redis = addresses["postgres_url"], addresses["redis_url"]
    bio = "자수정으로 깎은 기린을 어디서 사는지 잘 알아요."
    expert = await person("expert", "답하는 이", [("자수정 기린", 5)], bio=bio)
    asker = await person("questioner", NAME)
    question = await asker.ask(QUESTION)
    await expert.offered(question["id"])
    room = (await expert.send("accept_question", questionId=question["id"]))["roomId"]
    await asker.frame("room_opened", roomId=room)
    await asker.send("join_room", roomId=room)
    await asker.say(room, MESSAGE, "m1")
    await expert.send("join_room", roomId=room, afterSeq=0)
    await expert.frame("new_message", roomId=room, seq=1)
    await expert.say(room, "바닷가예요.", "m2")
    await asker.frame("new_message", roomId=room, seq=2)
    sent = {"file": (f"{FILE}.txt", f"안에도 {FILE}".encode(), "text/plain")}
    answer = await asker.rest.post(f"/chat-rooms/{room}/files", files=sent, data={"clientMsgId": "f1"})
    assert answer.status_code == 201, answer.text
    exports, store, keys = tmp_path / "exports", tmp_path / "store.zip", tmp_path / "keys.zip"
    assert (await yeon(stack, "log", "export", "--out", str(exports)))[0] == 0
    assert (await yeon(stack, "backup", str(store), "--keys", str(keys)))[0] == 0
    assert {"views.rooms", "views.questions"} & _left(_postgres(url)) or "views.room_items" in _left(
        _postgres(url)
    )

    # when they ask to be forgotten
    assert (await asker.rest.delete("/users/profile")).status_code == 204

    def cleared() -> bool:
        with psycopg.connect(url) as connection:
            row = connection.execute(
                "SELECT cleared_at IS NOT NULL FROM store.erased_persons WHERE user_id = %s", (asker.id,)
            ).fetchone()
        return bool(row and row[0])

    async with asyncio.timeout(40):
        while not cleared():
            await asyncio.sleep(0.1)

    # then no store, export or backup shows them
    with zipfile.ZipFile(store) as archive:
        backed_up = ((name, archive.read(name)) for name in archive.namelist())
        assert _left(backed_up) == set()
    async with asyncio.timeout(30):  # what the matcher knows of questions goes when it has read the erasure
        while left := _left(_postgres(url), _redis(redis), _files(exports), _files(stack.data_dir / "files")):
            await asyncio.sleep(0.5)
            assert not any(name.startswith("store.") for name in left)

    # and `yeon erase verify` finds only topics, which it says will go
    words = [word for text in WORDS for word in ("--text", text)]
    code, said = await yeon(stack, "erase", "verify", asker.id, *words, "--exports", str(exports), "--json")
    verified: dict[str, Any] = json.loads(said)
    assert {one["part"] for one in verified["left"]} == {"Kafka"}, said
    assert all(one["goes"] for one in verified["left"])
    assert code == 0

    # and a rebuild succeeds, after which the conversation still reads sensibly for the other
    assert (await yeon(stack, "rebuild", "all"))[0] == 0
    assert _left(_postgres(url)) == set()
    theirs, own = (await expert.history(room))[:2]
    assert own["content"] == "바닷가예요."
    assert (theirs["content"] or "") == ""
    assert (await yeon(stack, "log", "story", question["id"]))[0] == 0
