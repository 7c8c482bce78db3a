"""Commands that switch the live ranker. Only whoever runs the machine sends them."""

from commands.desk import Desk
from commands.handlers.handling import Answer, Handling, must_be_system
from commands.ranker import Choice, Ranker
from commands.refusals import Conflict
from schemas.commands import Command
from schemas.commands.matcher import RollBackRanker, UseRanker
from schemas.envelope import Meta
from schemas.ids import RANKER_STREAM


def use(desk: Desk, command: UseRanker, meta: Meta) -> Answer:
    must_be_system(meta)
    choice = Choice(version=command.version, sha256=command.sha256, encoder=command.encoder)
    ranker = desk.get(Ranker, RANKER_STREAM)
    if ranker is None:
        desk.add(Ranker.first(choice, meta))
    else:
        ranker.use(choice, meta)
    return Answer({"version": choice.version})


def roll_back(desk: Desk, command: RollBackRanker, meta: Meta) -> Answer:
    must_be_system(meta)
    ranker = desk.get(Ranker, RANKER_STREAM)
    if ranker is None:
        raise Conflict("there is no earlier ranker to go back to")
    ranker.roll_back(meta)
    return Answer({"version": ranker.state.chosen[-1].version})


HANDLING: dict[type[Command], Handling] = {
    UseRanker: Handling(use, lambda command, user: (RANKER_STREAM,)),
    RollBackRanker: Handling(roll_back, lambda command, user: (RANKER_STREAM,)),
}
