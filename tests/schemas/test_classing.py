"""Every field of every event is classed, and an event with one that is not is refused."""

from typing import Annotated, Any
from uuid import UUID

import pytest

from schemas.base import EventData, Impersonal, Personal, Said, Urgency
from schemas.classing import unclassed
from schemas.events import CATALOGUE


class Part(Said):
    label: str


class Careless(EventData):
    person_id: UUID
    told: tuple[UUID, ...] = ()
    urgency: Urgency = "low"
    count: int | None = None
    note: str | None = None
    tags: tuple[str, ...] = ()
    anything: dict[str, Any] | None = None
    parts: tuple[Part, ...] = ()


class Careful(EventData):
    person_id: UUID
    note: Annotated[str | None, Personal("person_id")] = None
    model: Annotated[str, Impersonal("a name of ours")] = ""
    tags: tuple[Annotated[str, Impersonal("names of ours")], ...] = ()


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_every_field_of_an_event_says_whose_words_it_may_hold(name: str) -> None:
    assert unclassed(CATALOGUE[name]) == []


def test_a_field_that_nobody_classed_is_named() -> None:
    assert unclassed(Careless) == ["Careless.anything", "Careless.note", "Careless.tags", "Part.label"]
    assert unclassed(Careful) == []
