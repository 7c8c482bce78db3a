"""Files that no message names go after a while, on a disk and in a bucket; every other stays, whatever the views know."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from infra.clock import now
from infra.files import file_store
from infra.ids import new_id
from projections.prepare import prepare
from projections.queries.reading import Pool
from schemas.commands.room import RedactMessage
from streams.erasure.orphans import sweep
from tests.contracts.test_file_store import of_bucket, s3
from tests.streams.erasure.test_files import CONTENT, Office, office

__all__ = ["office", "s3"]
SOON = timedelta(minutes=1)


@pytest.fixture(params=["disk", "s3"])
async def swept(request: pytest.FixtureRequest, office: Office, tmp_path: Path) -> Office:
    """An office whose views are empty, as while they are built."""
    if request.param == "s3":
        office.files = file_store(of_bucket(request.getfixturevalue("s3")))
    pool: Pool = office.pool
    await prepare(pool)
    return office


async def test_only_what_no_message_names_goes_and_only_when_it_is_old(swept: Office) -> None:
    # given a file in a room, and one whose message was never appended
    expert = await swept.writer.expert()
    room = await swept.writer.room(expert)
    named, _ = await swept.sent(room, expert)
    orphan, foreign = new_id(), uuid4()
    for file_id in (orphan, foreign):
        await swept.files.put(expert, file_id, CONTENT)

    # when it is looked for what is older than a minute, then nothing is
    assert await swept.has(expert, orphan)
    await sweep(swept.pool, swept.files, now() - SOON)
    assert await swept.has(expert, orphan)

    # and when the time has passed, that file alone goes, though the views do not know the other either
    assert await sweep(swept.pool, swept.files, now() + SOON) == 1
    assert [await swept.has(expert, one) for one in (named, orphan, foreign)] == [True, False, True]
    assert await sweep(swept.pool, swept.files, now() + SOON) == 0


async def test_a_file_whose_message_was_taken_back_is_another_ones_business(swept: Office) -> None:
    expert = await swept.writer.expert()
    room = await swept.writer.room(expert)
    sent, seq = await swept.sent(room, expert)
    await swept.writer.do(expert, RedactMessage(room_id=room.id, seq=seq))
    await sweep(swept.pool, swept.files, now() + SOON)
    assert await swept.has(expert, sent)
