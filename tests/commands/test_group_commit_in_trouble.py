"""The writer while its server is cut off, silent, away or ending: nothing acknowledged is lost, nothing repeated."""

import asyncio
from random import Random

import psycopg
import pytest
from psycopg import sql

from commands import group_commit
from commands.application import Commands
from commands.decision import Asked
from infra.ids import new_id
from infra.settings import Settings
from schemas.port import Unavailable
from tests.commands.writing import Writer, assert_gapless, message, rows


async def test_a_server_that_cuts_connections_loses_and_repeats_nothing(
    writer: Writer, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connections are cut again and again, wherever a turn happens to be, its commit included."""
    monkeypatch.setattr(group_commit, "PATIENCE_SECONDS", 60.0)
    moments = Random(7)
    room = await writer.room(await writer.expert())
    cuts = 0

    async def cutting() -> None:
        nonlocal cuts
        async with await psycopg.AsyncConnection.connect(store, autocommit=True) as connection:
            while True:
                cursor = await connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND application_name = 'yeon-commands'"
                )
                cuts += cursor.rowcount
                await asyncio.sleep(moments.uniform(0.02, 0.3))

    cutter = asyncio.create_task(cutting())
    seqs: list[int] = []
    while cuts < 5:  # however quick the machine is
        said = await asyncio.gather(*(writer.say(room) for _ in range(20)))
        seqs += [outcome.result["seq"] for outcome in said]
    cutter.cancel()
    assert sorted(seqs) == list(range(1, len(seqs) + 1))
    assert rows(store, "SELECT count(*) FROM store.stored_events WHERE originator_id = %s", room.id) == [
        (1 + len(seqs),)
    ]
    assert_gapless(store)


async def test_a_commit_whose_answer_is_lost_is_asked_for_and_not_repeated(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The turn commits, but its writer only sees the connection break."""
    from commands import turn

    writer = Writer(Commands(Settings(postgres_url=store)))
    await writer.commands.start()
    room = await writer.room(await writer.expert())
    head = assert_gapless(store)
    lost: list[int] = []
    really = turn.Turns.take

    def committed_but_unheard(self: turn.Turns, asked: list[Asked]) -> turn.Taken:
        taken = really(self, asked)
        if not lost:
            lost.append(len(asked))
            self.close()
            raise psycopg.OperationalError("the connection was lost at the commit")
        return taken

    monkeypatch.setattr(turn.Turns, "take", committed_but_unheard)
    outcome = await writer.say(room)
    await writer.commands.stop()
    assert lost == [1]
    assert outcome.position == head + 1
    assert assert_gapless(store) == head + 1


async def test_a_writer_that_loses_a_turn_takes_the_next(
    writer: Writer, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its thread must not die, whatever breaks in it: nothing would be answered ever again."""
    room = await writer.room(await writer.expert())

    def broken(*_: object) -> None:
        raise OSError("no sleep")

    # given a turn that breaks where nobody thought it could
    with monkeypatch.context() as patch:
        patch.setattr(writer.commands._group_commit._turns, "take", _away)
        patch.setattr(group_commit.time, "sleep", broken)
        with pytest.raises(Unavailable, match="no sleep"):
            await writer.say(room)

    # then the next is taken
    assert (await writer.say(room)).result["seq"] == 1


def _away(_: object) -> None:
    raise psycopg.OperationalError("away")


async def test_a_store_that_is_away_is_unavailable_and_comes_back(
    postgres_url: str, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "PATIENCE_SECONDS", 0.2)
    writer = Writer(Commands(Settings(postgres_url=store)))
    await writer.commands.start()
    room = await writer.room(await writer.expert())
    command, command_id = message(room), new_id()
    name = sql.Identifier(store.rsplit("/", 1)[1])
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            (name.as_string()[1:-1],),
        )
        with pytest.raises(Unavailable):
            await writer.do(room.asker, command, command_id)
        admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))
    assert (await writer.do(room.asker, command, command_id)).result["seq"] == 1
    await writer.commands.stop()


async def test_what_waits_at_the_stop_is_answered_and_nothing_after(writer: Writer, store: str) -> None:
    room = await writer.room(await writer.expert())
    waiting = [asyncio.ensure_future(writer.say(room)) for _ in range(300)]
    await asyncio.sleep(0)
    await writer.commands.stop()
    outcomes = await asyncio.gather(*waiting)
    assert len({outcome.position for outcome in outcomes}) == 300
    with pytest.raises(Unavailable):
        await writer.say(room)


async def test_the_outcome_of_a_cancelled_caller_is_found_again(writer: Writer, store: str) -> None:
    room, command_id = await writer.room(await writer.expert()), new_id()
    command = message(room)
    caller = asyncio.ensure_future(writer.do(room.asker, command, command_id))
    await asyncio.sleep(0)
    caller.cancel()
    first = await writer.do(room.asker, command, command_id)
    assert first.result["seq"] == 1
    assert assert_gapless(store) == first.position
