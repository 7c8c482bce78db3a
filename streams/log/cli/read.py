"""`yeon log tail | show | stats | story`: the events of the store for people and for programs."""

import time
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import orjson
import typer
from rich.console import Console
from rich.table import Table

from schemas.envelope import Event
from streams.log import telling
from streams.log.cli.options import (
    Aggregate,
    Json,
    Person,
    QuestionId,
    Since,
    Topic,
    Type,
    Until,
    fail,
    opened,
    wanted,
)
from streams.log.filters import Wanted
from streams.log.story import because, belongs, elapsed, story

app = typer.Typer(no_args_is_help=True)
POLL_SECONDS = 0.2
WIDTH = 180
"""Of a table that goes to a file or a pipe."""


class Form(StrEnum):
    """How events are printed."""

    line = "line"
    pretty = "pretty"
    table = "table"
    json = "json"


FormOption = Annotated[Form, typer.Option("--as", help="One line each, pretty JSON, a table, or JSON lines.")]


@app.command()
def tail(
    count: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last events.")] = 10,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is appended.")] = False,
    form: FormOption = Form.line,
    as_json: Json = False,
    topic: Topic = None,
    type_part: Type = None,
    aggregate: Aggregate = None,
    question: QuestionId = None,
    person: Person = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """The last events, and those to come."""
    with opened() as log:
        asked = wanted(log, topic, type_part, aggregate, question, person, since, until)
        head = log.head()
        _print(log.last(asked, count), Form.json if as_json else form)
        while follow:
            time.sleep(POLL_SECONDS)
            upto = log.head()
            if upto > head:
                fresh = Wanted(asked.types, aggregate, question, person, head + 1, upto)
                _print(log.events(fresh), Form.json if as_json else form)
                head = upto


@app.command()
def show(
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many events.")] = None,
    form: FormOption = Form.line,
    as_json: Json = False,
    topic: Topic = None,
    type_part: Type = None,
    aggregate: Aggregate = None,
    question: QuestionId = None,
    person: Person = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """Events from the first, all that are asked for."""
    with opened() as log:
        asked = wanted(log, topic, type_part, aggregate, question, person, since, until)
        events: Iterable[Event] = log.events(asked)
        if limit is not None:
            events = (event for _, event in zip(range(limit), events, strict=False))
        _print(events, Form.json if as_json else form)


@app.command()
def stats(
    as_json: Json = False,
    topic: Topic = None,
    type_part: Type = None,
    aggregate: Aggregate = None,
    question: QuestionId = None,
    person: Person = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """How much there is of what, and the last position."""
    with opened() as log:
        asked = wanted(log, topic, type_part, aggregate, question, person, since, until)
        head = log.head()
        counts = log.counts(asked)
        times = [log.time_of(position) for one in counts for position in (one.first, one.last)]
    known = [at for at in times if at is not None]
    summary = {
        "position": head,
        "events": sum(one.count for one in counts),
        "bytes": sum(one.bytes for one in counts),
        "first": telling.stamp(min(known)) if known else None,
        "last": telling.stamp(max(known)) if known else None,
    }
    if as_json:
        types = {one.type: {"count": one.count, "first": one.first, "last": one.last} for one in counts}
        typer.echo(orjson.dumps({**summary, "types": types}).decode())
        return
    table = Table("type", "events", "first", "last", "MB")
    for one in counts:
        row = (one.count, one.first, one.last, f"{one.bytes / 1e6:.1f}")
        table.add_row(telling.short_type(one.type), *map(str, row))
    _console().print(table)
    span = f" from {summary['first']} to {summary['last']}" if known else ""
    typer.echo(f"{summary['events']:,} events{span}; the last position of the log is {head}")


@app.command("story")
def story_of(question_id: UUID, as_json: Json = False) -> None:
    """One question's whole story, with what caused what."""
    with opened() as log:
        events = [one for one in log.events(Wanted(question=question_id)) if belongs(one, question_id)]
    if not events:
        fail(f"There is no question {question_id} in the log.")
    steps = story(events)
    if as_json:
        found = {"question": str(question_id), "steps": [step.as_json() for step in steps]}
        typer.echo(orjson.dumps(found).decode())
        return
    console = _console()
    console.print(f"Question {question_id}, asked {steps[0].time}, {len(steps)} events")
    for step in steps:
        console.print(
            f"#{step.position:<8} {elapsed(step.seconds):>15}  {step.type:<27} {step.says}  [{because(step)}]",
            markup=False,
            soft_wrap=True,
        )


def _print(events: Iterable[Event], form: Form) -> None:
    if form is Form.table:
        _print_table(events)
        return
    names: dict[UUID, str] = {}
    for event in events:
        if form is Form.json:
            line = orjson.dumps(telling.as_json(event)).decode()
        elif form is Form.pretty:
            line = orjson.dumps(telling.as_json(event), option=orjson.OPT_INDENT_2).decode()
        else:
            names |= telling.names_in(event.data)
            line = f"{event.position:>9}  {telling.stamp(event.meta.at):<27} {telling.short_type(event.type):<27} "
            line += telling.sentence(event.data, names)
        typer.echo(line)


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(width=WIDTH, highlight=False)


def _print_table(events: Iterable[Event]) -> None:
    names: dict[UUID, str] = {}
    table = Table("position", "time", "type", "actor", "what")
    for event in events:
        names |= telling.names_in(event.data)
        cells = (
            str(event.position),
            telling.stamp(event.meta.at),
            telling.short_type(event.type),
            telling.who(event.meta.actor_id, names),
            telling.sentence(event.data, names).replace("[", r"\["),
        )
        table.add_row(*cells)
    _console().print(table)
