"""Which events of the log are wanted: by topic, type, aggregate, question, person and range of positions.

Ids are looked for as bytes in the stored state, which holds them in clear: no event need be unsealed to be passed over.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from schemas.events import CATALOGUE
from schemas.topics import TOPICS

END = 2**62
"""A position after every other."""


class NotInCatalogue(ValueError):
    """A topic or type was asked for that there is none of; the message is a sentence for a person."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Events with `since <= position <= until` that meet every condition given."""

    types: tuple[str, ...] = ()
    """Full type names, one of which an event must have; empty for any."""
    aggregate: UUID | None = None
    question: UUID | None = None
    person: UUID | None = None
    """Someone who did it, or whom it names."""
    since: int = 1
    until: int = END

    def conditions(self) -> tuple[str, dict[str, Any]]:
        """The conditions as SQL over `store.stored_events`, and their parameters."""
        parts = ["notification_id >= %(since)s", "notification_id <= %(until)s"]
        values: dict[str, Any] = {"since": self.since, "until": self.until}
        if self.types:
            parts.append("topic = ANY(%(types)s)")
            values["types"] = list(self.types)
        if self.aggregate is not None:
            parts.append("originator_id = %(aggregate)s")
            values["aggregate"] = self.aggregate
        if self.question is not None:
            parts.append("(originator_id = %(question)s OR position(%(question_text)s::bytea in state) > 0)")
            values |= {"question": self.question, "question_text": str(self.question).encode()}
        if self.person is not None:
            parts.append("(originator_id = %(person)s OR position(%(person_text)s::bytea in state) > 0)")
            values |= {"person": self.person, "person_text": str(self.person).encode()}
        return " AND ".join(parts), values


def types_of(topic: str | None, type_part: str | None) -> tuple[str, ...]:
    """The types of `topic` (its name, or `conversations`, `experts`, `accounts`) whose name holds `type_part`.

    Empty if neither is given, that is any type. Raises `NotInCatalogue` if there is none.
    """
    if topic is None and type_part is None:
        return ()
    topics = {name for name in TOPICS if topic is None or topic in (name, name.split(".")[1])}
    if not topics:
        raise NotInCatalogue(f"there is no topic {topic!r}; there are {', '.join(TOPICS)}")
    found = tuple(n for n, e in CATALOGUE.items() if e.TOPIC in topics and (type_part or "") in n)
    if not found:
        raise NotInCatalogue(f"no event type has {type_part!r} in its name; see docs/reference/events.md")
    return found
