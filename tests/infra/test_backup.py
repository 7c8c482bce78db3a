"""A backup restores the store as of one moment; what was forgotten since stays forgotten."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from commands.application import Commands
from infra import postgres
from infra.backup import BackupRefused, backup, restore
from infra.log import EventLog
from infra.settings import Settings
from schemas.envelope import Event
from schemas.events.account import AccountRegistered
from tests.commands.writing import Writer, assert_gapless


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

    said = backup(url, tmp_path / "store.zip", tmp_path / "keys.zip")
    await told(url, ["나중"])
    assert restore(other, tmp_path / "store.zip", tmp_path / "keys.zip", replace=False) == said

    assert said["position"] == len(before)
    assert await events(other) == before
    await told(other, ["이어서"])
    assert assert_gapless(other) > len(before)
    assert (tmp_path / "keys.zip").stat().st_mode & 0o077 == 0
    with pytest.raises(BackupRefused, match="--replace"):
        restore(other, tmp_path / "store.zip", tmp_path / "keys.zip", replace=False)
    restore(other, tmp_path / "store.zip", tmp_path / "keys.zip", replace=True)
    assert await events(other) == before


async def test_who_was_forgotten_since_stays_forgotten(
    fresh_database: Callable[[], str], tmp_path: Path
) -> None:
    url = fresh_database()
    await told(url, ["하나"])
    backup(url, tmp_path / "store.zip", tmp_path / "keys.zip")
    person = next(e.stream_id for e in await events(url) if isinstance(e.data, AccountRegistered))
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO store.erased_persons (user_id, at) VALUES (%s, now())", (person,))
        connection.execute("DELETE FROM store.person_keys WHERE user_id = %s", (person,))

    restore(url, tmp_path / "store.zip", tmp_path / "keys.zip", replace=True)

    names = {
        e.stream_id: e.data.display_name for e in await events(url) if isinstance(e.data, AccountRegistered)
    }
    assert names.pop(person) == ""
    assert all(names.values())


async def test_files_that_do_not_belong_together_are_refused(
    fresh_database: Callable[[], str], tmp_path: Path
) -> None:
    url = fresh_database()
    backup(url, tmp_path / "a", tmp_path / "a.keys")
    await told(url, [])
    backup(url, tmp_path / "b", tmp_path / "b.keys")
    with pytest.raises(BackupRefused, match="not made together"):
        restore(url, tmp_path / "a", tmp_path / "b.keys", replace=True)
    with pytest.raises(BackupRefused, match="is there already"):
        backup(url, tmp_path / "a", tmp_path / "c")
    (tmp_path / "d").write_text("no zip")
    with pytest.raises(BackupRefused, match="is no backup"):
        restore(url, tmp_path / "d", tmp_path / "b.keys", replace=True)
