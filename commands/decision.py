"""What one turn of the writer decides: each command with the aggregates on the desk, the refused ones leaving the others alone.

A command decided before gets its stored answer; the same command twice in a turn is decided once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple
from uuid import UUID

import psycopg

from commands.at_once import NotAtOnce
from commands.desk import Desk
from commands.handlers import HANDLING, Answer, meta_of
from commands.outcomes import Answered, CommandKey, number_of
from commands.refusals import Conflict
from commands.sourced import Sourced
from schemas.commands import Command
from schemas.envelope import Context, Outcome
from schemas.port import Refused
from schemas.topics import partition_of


class Asked(NamedTuple):
    """A command that waits to be decided."""

    command: Command
    context: Context

    @property
    def key(self) -> CommandKey:
        """Whose it is, and its id."""
        return self.context.user_id, self.context.command_id

    @property
    def needs(self) -> tuple[UUID, ...]:
        """The aggregates it is decided with."""
        return HANDLING[type(self.command)].needs(self.command, self.context.user_id)


class HalfDecided(RuntimeError):
    """A handler raised after something was said. Its turn is given up; a fault of ours, not of the command."""


Decided = Outcome | Refused | Exception
"""What a command comes to: the last is a fault of a handler, which nothing is stored of."""


@dataclass(frozen=True, slots=True)
class Known:
    """What was answered to a command before."""

    name: str
    answer: Outcome | Refused


@dataclass(frozen=True, slots=True)
class Decisions:
    """What a turn comes to; what was said is on its desk."""

    decided: list[Decided]
    """For each command, in their order."""
    answers: list[Answered]
    """To be stored: those of commands that were not decided before."""


def decide(desk: Desk, asked: Sequence[Asked], known: Mapping[int, Known], head: int) -> Decisions:
    """Decide all of `asked`, given what is `known` by `number_of` its key, after the position `head`."""
    numbers = [number_of(one.key) for one in asked]
    new = [one for number, one in zip(numbers, asked, strict=True) if number not in known]
    desk.fetch(list({id_.int: id_ for one in new for id_ in one.needs}.values()))
    answers: dict[int, Answered] = {}
    decided: list[Decided] = []
    for number, one in zip(numbers, asked, strict=True):
        if before := known.get(number):
            decided.append(_again(one, before.name, before.answer))
        elif earlier := answers.get(number):
            decided.append(_again(one, earlier.name, earlier.answer))
        else:
            answer = _answer(desk, one, head)
            if isinstance(answer, Answered):
                answers[number] = answer
            decided.append(answer.answer if isinstance(answer, Answered) else answer)
    return Decisions(decided, list(answers.values()))


def _answer(desk: Desk, one: Asked, head: int) -> Answered | Exception:
    desk.begin()
    name = one.command.NAME
    try:
        answer = HANDLING[type(one.command)].decide(desk, one.command, meta_of(one.context))
    except (psycopg.Error, NotAtOnce):
        raise
    except Exception as error:
        if not desk.quiet:
            raise HalfDecided(f"{name} failed after it had said something") from error
        if isinstance(error, Refused) and HANDLING[type(one.command)].refusal_stands:
            return Answered(one.key, name, error)
        return error
    events = desk.gather()
    return Answered(one.key, name, _outcome(answer, events, head + len(desk.said)), answer.personal)


def _outcome(answer: Answer, events: Sequence[Sourced.Event], position: int) -> Outcome:
    if not events:
        return Outcome(0, "", 0, answer.result)
    data = events[-1].data
    return Outcome(position, data.TOPIC, partition_of(data.TOPIC, data.partition_key), answer.result)


def _again(one: Asked, name: str, answer: Outcome | Refused) -> Outcome | Refused:
    if name != one.command.NAME:
        return Conflict("this command id was used for something else", field="commandId")
    return replace(answer) if isinstance(answer, Outcome) else answer
