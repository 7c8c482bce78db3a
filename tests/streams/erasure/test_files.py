"""The files of a message that was taken back, and of a person who was erased, are removed; the others stay."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
import pytest_asyncio

from commands.application import Commands
from infra.files import FileGone, FileStore, FilesUnavailable, file_store
from infra.files.sealed import SealedFiles
from infra.ids import new_id
from infra.postgres import pool as connect
from infra.settings import Settings
from projections.queries.reading import Pool
from schemas.base import SentFile
from schemas.commands.account import EraseAccount
from schemas.commands.room import PostMessage, RedactMessage
from streams.erasure import files as removing
from streams.erasure.files import remove_some
from tests.commands.writing import OpenRoom, Writer

CONTENT = b"a contract, and nobody else's business"


@dataclass
class Office:
    """A store of events and one of files, and people who send some."""

    url: str
    writer: Writer
    pool: Pool
    files: FileStore

    async def sent(self, room: OpenRoom, owner: UUID) -> tuple[UUID, int]:
        """A file of `owner` in the room; its id and its place."""
        file_id = new_id()
        await SealedFiles(self.files, self.pool).put(room.id, owner, file_id, CONTENT)
        about = SentFile(size=len(CONTENT), media_type="text/plain")
        command = PostMessage(room_id=room.id, message_id=file_id, content="a.txt", type="file", file=about)
        outcome = await self.writer.do(owner, command)
        return file_id, outcome.result["seq"]

    async def remove(self) -> None:
        while await remove_some(self.pool, self.files):
            pass

    async def has(self, owner: UUID, file_id: UUID) -> bool:
        try:
            await self.files.get(owner, file_id)
        except FileGone:
            return False
        return True


@pytest_asyncio.fixture
async def office(fresh_database: Callable[[], str], tmp_path: Path) -> AsyncIterator[Office]:
    url = fresh_database()
    commands = Commands(Settings(postgres_url=url, data_dir=tmp_path))
    await commands.start()
    try:
        async with connect(url, "files") as pool:
            yield Office(url, Writer(commands), pool, file_store(Settings(data_dir=tmp_path)))
    finally:
        await commands.stop()


async def test_only_the_file_of_a_message_that_was_taken_back_goes(office: Office) -> None:
    expert = await office.writer.expert()
    room = await office.writer.room(expert)
    gone, seq = await office.sent(room, expert)
    kept, _ = await office.sent(room, expert)
    await office.remove()
    assert await office.has(expert, gone)
    await office.writer.do(expert, RedactMessage(room_id=room.id, seq=seq))
    await office.remove()
    assert not await office.has(expert, gone)
    assert await office.has(expert, kept)


async def test_nothing_of_an_erased_person_stays_nor_can_be_read_before_that(office: Office) -> None:
    expert = await office.writer.expert()
    room = await office.writer.room(expert)
    gone, _ = await office.sent(room, expert)
    kept, _ = await office.sent(room, room.asker)
    await office.writer.do(expert, EraseAccount())
    with pytest.raises(FileGone):
        await SealedFiles(office.files, office.pool).get(room.id, expert, gone)
    await office.remove()
    assert not await office.has(expert, gone)
    assert await SealedFiles(office.files, office.pool).get(room.id, room.asker, kept) == CONTENT


async def test_many_are_removed_turn_by_turn(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removing, "TURN", 2)
    expert = await office.writer.expert()
    room = await office.writer.room(expert)
    sent = [await office.sent(room, expert) for _ in range(5)]
    for _, seq in sent:
        await office.writer.do(expert, RedactMessage(room_id=room.id, seq=seq))
    await office.remove()
    assert [await office.has(expert, file_id) for file_id, _ in sent] == [False] * 5


async def test_while_files_are_away_nothing_is_passed_over(office: Office) -> None:
    expert = await office.writer.expert()
    room = await office.writer.room(expert)
    gone, seq = await office.sent(room, expert)
    await office.writer.do(expert, RedactMessage(room_id=room.id, seq=seq))
    with pytest.raises(FilesUnavailable):
        await remove_some(office.pool, Away())
    await office.remove()
    assert not await office.has(expert, gone)


async def test_a_store_that_was_restored_from_an_older_one_is_followed_from_its_beginning(
    office: Office,
) -> None:
    expert = await office.writer.expert()
    room = await office.writer.room(expert)
    gone, seq = await office.sent(room, expert)
    await office.writer.do(expert, RedactMessage(room_id=room.id, seq=seq))
    with psycopg.connect(office.url) as connection:
        connection.execute("INSERT INTO ops.files_removed VALUES (true, 1000000)")
    await office.remove()
    assert not await office.has(expert, gone)


async def test_a_file_moved_into_another_room_is_no_file_there(office: Office) -> None:
    expert = await office.writer.expert()
    room = await office.writer.room(expert)
    file_id, _ = await office.sent(room, expert)
    with pytest.raises(FileGone, match="moved"):
        await SealedFiles(office.files, office.pool).get(new_id(), expert, file_id)


class Away:
    """A store of files that does not answer."""

    async def put(self, owner: UUID, file_id: UUID, content: bytes) -> None:
        raise FilesUnavailable("away")

    async def get(self, owner: UUID, file_id: UUID) -> bytes:
        raise FilesUnavailable("away")

    async def remove(self, owner: UUID, file_id: UUID) -> None:
        raise FilesUnavailable("away")

    async def remove_all(self, owner: UUID) -> None:
        raise FilesUnavailable("away")

    async def held(self) -> AsyncIterator[tuple[UUID, UUID]]:
        raise FilesUnavailable("away")
        yield
