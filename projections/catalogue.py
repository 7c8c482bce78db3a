"""The views: the topic that feeds each, its tables, and its projector."""

from collections.abc import Callable
from dataclasses import dataclass

from projections import expert_figures, experts, inbox, people, questions, rooms
from projections.rows import Projected
from schemas.base import EventData
from schemas.envelope import Event
from schemas.topics import ACCOUNTS, CONVERSATIONS, EXPERTS


@dataclass(frozen=True, slots=True)
class View:
    """A named group of tables that is tracked, parked and rebuilt as one."""

    name: str
    topic: str
    tables: tuple[str, ...]
    types: frozenset[type[EventData]]
    """The events that mean something to it."""
    project: Callable[[Event], Projected]

    @property
    def consumer(self) -> str:
        """Its name in `ops.tracking` and `ops.parked`."""
        return f"view:{self.name}"


VIEWS: dict[str, View] = {
    view.name: view
    for view in (
        View("people", ACCOUNTS, ("people",), people.TYPES, people.project),
        View("experts", EXPERTS, ("experts",), experts.TYPES, experts.project),
        View(
            "expert_figures", CONVERSATIONS, ("expert_figures",), expert_figures.TYPES, expert_figures.project
        ),
        View(
            "questions",
            CONVERSATIONS,
            ("questions", "candidates", "offers", "shares"),
            questions.TYPES,
            questions.project,
        ),
        View(
            "rooms",
            CONVERSATIONS,
            ("rooms", "room_members", "room_items", "read_marks"),
            rooms.TYPES,
            rooms.project,
        ),
        View("inbox", CONVERSATIONS, ("inbox",), inbox.TYPES, inbox.project),
    )
}


def views_of(topic: str) -> tuple[View, ...]:
    """The views that `topic` feeds."""
    return tuple(view for view in VIEWS.values() if view.topic == topic)


def consumers() -> dict[str, tuple[str, ...]]:
    """For each topic the consumers that it feeds."""
    return {topic: tuple(v.consumer for v in views_of(topic)) for topic in (ACCOUNTS, EXPERTS, CONVERSATIONS)}
