"""Given a person who was erased, when the views are cleared, then they are what a rebuild without the key makes."""

from typing import cast
from uuid import UUID

import pytest

from commands.refusals import NotFound
from infra.log import EventLog
from projections import erasure
from projections.catalogue import VIEWS
from projections.queries.experts import expert, experts_by_id, list_experts
from projections.queries.reading import Pool
from projections.rebuild import rebuild
from schemas.envelope import Outcome
from schemas.events.account import AccountErased
from schemas.events.expert import ExpertProfileSet
from schemas.ids import expert_stream
from schemas.port import CommandPort
from streams.erasure.clearing import erase_once
from tests.projections.history import Conversation, History, id_of
from tests.projections.test_applying_batches import apply_in, dump_all
from tests.projections.whole_stories import rich, store


class _Nobody:
    """The log of these tests is made up: nothing can be said in it."""

    async def execute(self, *_: object) -> Outcome:
        raise NotFound("there is no such question")

    def listen(self, *_: object) -> None: ...


NOBODY = cast(CommandPort, _Nobody())
ALL = list(VIEWS.values())


async def without_key(pool: Pool, user: UUID) -> None:
    async with pool.connection() as connection:
        await connection.execute("DELETE FROM store.person_keys WHERE user_id = %s", (user,))
        await connection.execute("INSERT INTO store.erased_persons VALUES (%s, now())", (user,))


async def published(pool: Pool, history: History) -> None:
    """The relay has published all of `history`."""
    last = {(event.topic, event.partition): event.position for event in history.events}
    async with pool.connection() as connection:
        await connection.execute("UPDATE ops.relay_head SET position = %s", (len(history.events),))
        for (topic, partition), position in last.items():
            await connection.execute(
                "INSERT INTO ops.relay_checkpoints VALUES (%s, %s, 1, 0, %s)"
                " ON CONFLICT (topic, partition) DO UPDATE SET position = EXCLUDED.position",
                (topic, partition, position),
            )


async def cleared(pool: Pool) -> set[UUID]:
    async with pool.connection() as connection:
        found = await connection.execute(
            "SELECT user_id FROM store.erased_persons WHERE cleared_at IS NOT NULL"
        )
        return {row[0] for row in await found.fetchall()}


@pytest.mark.parametrize("name", ["전문가 0", "전문가 3", "묻는 이 0", "묻는 이 4", "손님 1"])
async def test_cleared_views_equal_rebuilt_ones(pool: Pool, name: str) -> None:
    history = rich()
    user = id_of(name)
    if name.startswith("전문가"):
        emptied = ExpertProfileSet(
            expert_id=user,
            display_name="",
            specialties=(),
            experience_years=0,
            capacity=3,
            available=False,
        )
        history.add(expert_stream(user), emptied)
    history.add(user, AccountErased(user_id=user))
    await store(pool, history.events)
    await apply_in(pool, EventLog(pool), history.received(), 50)
    before = await dump_all(pool)
    await published(pool, history)
    await without_key(pool, user)

    await erase_once(pool, NOBODY)
    live = await dump_all(pool)
    await rebuild(pool, EventLog(pool), ALL)

    assert await dump_all(pool) == live
    assert live != before
    assert await cleared(pool) == {user}
    assert str(user) not in {one["expertId"] for one in (await list_experts(pool, limit=50))["items"]}
    assert await expert(pool, user) is None
    assert await experts_by_id(pool, [user]) == {}


async def test_words_that_come_late_are_cleared_before_the_person_is_done_with(pool: Pool) -> None:
    history = History()
    asker, expert = history.person("묻는 이"), history.expert("전문가")
    one = Conversation(history, "늦은 질문", asker)
    one.asked()
    one.matched([expert])
    history.add(asker, AccountErased(user_id=asker))
    await store(pool, history.events)
    given = history.received()
    late = [received for received in given if received.event.stream_id == one.id]
    early = [received for received in given if received not in late]
    await apply_in(pool, EventLog(pool), early, 50)
    await published(pool, history)
    await without_key(pool, asker)

    await erase_once(pool, NOBODY)
    assert await cleared(pool) == set()

    await apply_in(pool, EventLog(pool), late, 50)
    assert "어떻게 하면 될까요?" in str(await dump_all(pool))
    await erase_once(pool, NOBODY)
    assert await cleared(pool) == {asker}
    live = await dump_all(pool)
    assert "어떻게 하면 될까요?" not in str(live)
    await rebuild(pool, EventLog(pool), ALL)
    assert await dump_all(pool) == live


async def test_what_the_relay_has_not_published_yet_is_waited_for(pool: Pool) -> None:
    history = History()
    asker = history.person("묻는 이")
    history.add(asker, AccountErased(user_id=asker))
    await store(pool, history.events)
    await apply_in(pool, EventLog(pool), history.received(), 50)
    await without_key(pool, asker)
    await erase_once(pool, NOBODY)
    assert await cleared(pool) == set()
    async with pool.connection() as connection:
        assert [one.position for one in await erasure.pending(connection)] == [2]
