"""A backup restores the store as of one moment; what was forgotten since stays forgotten."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from commands.application import Commands
from infra import postgres
from infra.backup import BackupRefused, backup, restore
from infra.key_backup import back_up
from infra.log import EventLog
from infra.settings import Settings
from schemas.envelope import Event
from schemas.events.account import AccountErased, AccountRegistered
from streams.erasure.clearing import erase_again
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
