"""A backup restores the store as of one moment; what was forgotten since stays forgotten."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from commands.application import Commands
from infra import postgres
from infra.backup import BackupRefused, backup, restore
from infra.cli import app
from infra.embedded.ports import any_free
from infra.ids import new_id
from infra.key_backup import back_up
from infra.log import EventLog
from infra.settings import Settings
from projections.catalogue import VIEWS
from projections.prepare import prepare
from projections.rebuild import rebuild
from schemas.commands.question import AskQuestion
from schemas.envelope import Event
from schemas.events.account import AccountErased, AccountRegistered
from schemas.events.question import OfferDeclined, QuestionCancelled
from schemas.events.room import UserLeft
from schemas.ids import SYSTEM
from streams.erasure.clearing import erase_again, erase_once
from tests.commands.deciding import offer, profile
from tests.commands.writing import Writer, assert_gapless

AT = datetime(2026, 11, 24, tzinfo=UTC)
MONTH = timedelta(days=30)


async def events(url: str) -> list[Event]:
    async with postgres.pool(url, "test") as pool:
        return await EventLog(pool).read(0, 1_000)


async def told(url: str, words: list[str]) -> None:
    commands = Commands(Settings(postgres_url=url))
    await commands.start()
    try:
        writer = Writer(commands)
        room = await writer.room(await writer.expert())
        for text in words:
            await writer.say(room, text)
    finally:
        await commands.stop()


async def test_what_is_restored_is_what_was_there_and_goes_on(
    fresh_database: Callable[[], str], tmp_path: Path
) -> None:
    url, other = fresh_database(), fresh_database()
    await told(url, ["하나", "둘"])
    before = await events(url)

    said = backup(url, tmp_path / "store.zip", tmp_path / "keys", AT, MONTH)
    await told(url, ["나중"])
    restored, people = restore(other, tmp_path / "store.zip", tmp_path / "keys", replace=False)
    assert restored == said
    assert (people.erased, people.without) == (0, 0)

    assert said["position"] == len(before)
    assert await events(other) == before
    await told(other, ["이어서"])
    assert assert_gapless(other) > len(before)
    (kept,) = (tmp_path / "keys").iterdir()
    assert kept.stat().st_mode & 0o077 == 0
    with pytest.raises(BackupRefused, match="--replace"):
        restore(other, tmp_path / "store.zip", tmp_path / "keys", replace=False)
    restore(other, tmp_path / "store.zip", tmp_path / "keys", replace=True)
    assert await events(other) == before


async def test_who_was_forgotten_since_stays_forgotten(
    fresh_database: Callable[[], str], tmp_path: Path
) -> None:
    url = fresh_database()
    await told(url, ["하나"])
    backup(url, tmp_path / "store.zip", tmp_path / "keys", AT, MONTH)
    person = next(e.stream_id for e in await events(url) if isinstance(e.data, AccountRegistered))
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO store.erased_persons (user_id, at) VALUES (%s, now())", (person,))
        connection.execute("DELETE FROM store.person_keys WHERE user_id = %s", (person,))

    restore(url, tmp_path / "store.zip", tmp_path / "keys", replace=True)

    names = {
        e.stream_id: e.data.display_name for e in await events(url) if isinstance(e.data, AccountRegistered)
    }
    assert names.pop(person) == ""
    assert all(names.values())


async def test_who_was_forgotten_since_is_known_from_newer_keys_alone(
    fresh_database: Callable[[], str], tmp_path: Path
) -> None:
    url, other, keys = fresh_database(), fresh_database(), tmp_path / "keys"
    await told(url, ["하나"])
    backup(url, tmp_path / "store.zip", keys, AT, MONTH)
    person = next(e.stream_id for e in await events(url) if isinstance(e.data, AccountRegistered))
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO store.erased_persons (user_id, at) VALUES (%s, now())", (person,))
        connection.execute("DELETE FROM store.person_keys WHERE user_id = %s", (person,))
        back_up(connection, keys, AT + timedelta(days=1), MONTH)

    _, people = restore(other, tmp_path / "store.zip", keys, replace=False)

    assert (people.erased, people.without) == (1, 0)
    names = {
        e.stream_id: e.data.display_name for e in await events(other) if isinstance(e.data, AccountRegistered)
    }
    assert names.pop(person) == ""
    assert all(names.values())

    # and a worker of the restored log says it there too, once
    commands = Commands(Settings(postgres_url=other))
    await commands.start()
    try:
        async with postgres.pool(other, "test") as pool:
            for _ in range(2):
                await erase_again(pool, commands)
    finally:
        await commands.stop()
    assert [e.stream_id for e in await events(other) if isinstance(e.data, AccountErased)] == [person]


async def test_nobody_waits_for_who_was_forgotten_in_an_older_log(
    fresh_database: Callable[[], str], tmp_path: Path
) -> None:
    url, keys = fresh_database(), tmp_path / "keys"
    # given a backup in which an expert is in a room, and has an offer, and has asked
    commands = Commands(Settings(postgres_url=url))
    await commands.start()
    try:
        writer = Writer(commands)
        gone, other = await writer.person("both"), await writer.expert()
        await writer.do(gone, profile())
        room = await writer.room(gone, other)
        offered, asked = new_id(), new_id()
        await writer.do(room.asker, AskQuestion(question_id=offered, content="누가 아나요?"))
        await writer.do(SYSTEM, offer(offered, gone, other))
        await writer.do(gone, AskQuestion(question_id=asked, content="저도 물어요"))
        backup(url, tmp_path / "store.zip", keys, AT, MONTH)
        # and the expert was forgotten since
        with psycopg.connect(url) as connection:
            connection.execute("INSERT INTO store.erased_persons (user_id, at) VALUES (%s, now())", (gone,))
        # when the backup is restored, the views made from it, and a worker takes the erasures up
        restore(url, tmp_path / "store.zip", keys, replace=True)
    finally:
        await commands.stop()
    commands = Commands(Settings(postgres_url=url))
    await commands.start()
    try:
        async with postgres.pool(url, "test") as pool:
            await prepare(pool)
            await erase_again(pool, commands)
            async with pool.connection() as connection:  # as a relay would that has published all of it
                await connection.execute("UPDATE ops.relay_head SET position = 1000")
            await rebuild(pool, EventLog(pool), list(VIEWS.values()))
            for _ in range(2):
                await erase_once(pool, commands)
    finally:
        await commands.stop()

    # then they left the room, the offer and the question, each once, and after that they are done with
    said = [e.data for e in await events(url)]
    left = [one for one in said if isinstance(one, UserLeft)]
    assert [(one.room_id, one.user_id) for one in left] == [(room.id, gone)]
    declined = [one for one in said if isinstance(one, OfferDeclined)]
    assert [(one.question_id, one.expert_id) for one in declined] == [(offered, gone)]
    assert [one.question_id for one in said if isinstance(one, QuestionCancelled)] == [asked]
    with psycopg.connect(url) as connection:
        settled = connection.execute("SELECT cleared_at IS NOT NULL FROM store.erased_persons").fetchall()
    assert settled == [(True,)]


async def test_what_does_not_belong_together_is_refused(
    fresh_database: Callable[[], str], tmp_path: Path
) -> None:
    url, other = fresh_database(), fresh_database()
    await told(url, [])
    backup(url, tmp_path / "a", tmp_path / "keys", AT, MONTH)
    backup(other, tmp_path / "b", tmp_path / "others", AT, MONTH)
    with pytest.raises(BackupRefused, match="no key of anybody"):
        restore(other, tmp_path / "a", tmp_path / "others", replace=True)
    assert await events(other) == []
    with pytest.raises(BackupRefused, match="is there already"):
        backup(url, tmp_path / "a", tmp_path / "keys", AT, MONTH)
    with pytest.raises(BackupRefused, match="is no directory"):
        backup(url, tmp_path / "c", tmp_path / "a", AT, MONTH)
    (tmp_path / "d").write_text("no zip")
    with pytest.raises(BackupRefused, match="is no backup"):
        restore(url, tmp_path / "d", tmp_path / "keys", replace=True)


@pytest.mark.parametrize(
    ("url", "said"),
    [("", "There is no PostgreSQL"), (f"postgresql://127.0.0.1:{any_free()}/x", "does not answer")],
    ids=["none is named", "none answers"],
)
def test_without_postgresql_the_command_says_so_in_a_sentence(
    url: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YEON_POSTGRES_URL", url)
    monkeypatch.setenv("YEON_DATA_DIR", str(tmp_path))
    result = CliRunner().invoke(
        app, ["backup", str(tmp_path / "store.zip"), "--keys", str(tmp_path / "keys")]
    )
    assert result.exit_code == 1
    assert said in result.output
