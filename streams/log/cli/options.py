"""The options that the subcommands of `yeon log` share, and how their failures are told."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, NoReturn
from uuid import UUID

import typer

from infra.settings import settings
from streams.log.filters import END, NotInCatalogue, Wanted, types_of
from streams.log.store import NoStore, Store, store

Topic = Annotated[
    str | None,
    typer.Option("--topic", help="A topic, or conversations, experts or accounts.", metavar="TOPIC"),
]
Type = Annotated[str | None, typer.Option("--type", help="Part of the type's name.", metavar="TYPE")]
Aggregate = Annotated[UUID | None, typer.Option("--aggregate", help="One aggregate's stream.")]
QuestionId = Annotated[UUID | None, typer.Option("--question", help="Events of one question.")]
Person = Annotated[UUID | None, typer.Option("--person", help="Events someone did or is named in.")]
Since = Annotated[
    str | None, typer.Option("--since", help="First position, or a time (ISO 8601, UTC).", metavar="P|TIME")
]
Until = Annotated[
    str | None, typer.Option("--until", help="Last position, or a time (ISO 8601, UTC).", metavar="P|TIME")
]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]


def fail(sentence: str) -> NoReturn:
    """Say it and end with exit code 1."""
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


@contextmanager
def opened() -> Iterator[Store]:
    """The store that the settings name; whatever is wrong with it is told as a sentence."""
    try:
        with store(settings().postgres_url) as log:
            yield log
    except NoStore as reason:
        fail(str(reason))


def moment(text: str) -> int | datetime:
    """A position, or a time; one without a zone is in UTC. Raises `typer.BadParameter`."""
    if text.isdecimal():
        return int(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is neither a position nor a time such as 2026-03-01T09:00"
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def positions(log: Store, since: str | None, until: str | None) -> tuple[int, int]:
    """The range of positions that `since` and `until` name, both included."""
    first = moment(since) if since else 1
    last = moment(until) if until else END
    return (
        first if isinstance(first, int) else log.first_after(first),
        last if isinstance(last, int) else log.position_at(last),
    )


def wanted(
    log: Store,
    topic: str | None,
    type_part: str | None,
    aggregate: UUID | None,
    question: UUID | None,
    person: UUID | None,
    since: str | None,
    until: str | None,
) -> Wanted:
    """What the options ask for. Raises `typer.BadParameter`."""
    try:
        types = types_of(topic, type_part)
    except NotInCatalogue as reason:
        raise typer.BadParameter(str(reason)) from None
    first, last = positions(log, since, until)
    return Wanted(types, aggregate, question, person, first, last)
