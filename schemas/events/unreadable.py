"""What stands for an event that this program cannot read: of a type it does not know, or whose bytes are spoilt.

Where it belongs is still known, so that consumers can park it in its place instead of stopping or passing it over.
"""

from functools import cache
from uuid import UUID

from schemas.base import EventData
from schemas.events import CATALOGUE


class Unreadable(EventData):
    """The place of an event, and why it could not be read."""

    key: UUID
    reason: str

    @property
    def partition_key(self) -> UUID:
        return self.key


def family_of(type_name: str) -> str:
    """`yeon.question.` of `yeon.question.asked.v1`: the types of a family share a topic."""
    return ".".join(type_name.split(".")[:2]) + "."


FAMILIES: dict[str, str] = {family_of(name): event.TOPIC for name, event in CATALOGUE.items()}
"""The topic of each family of types."""


@cache
def unreadable_type(type_name: str) -> type[Unreadable]:
    """The `Unreadable` of one type name. Raises `KeyError` if its family has no topic."""
    constants = {"TYPE": type_name, "TOPIC": FAMILIES[family_of(type_name)], "__module__": __name__}
    return type("Unreadable", (Unreadable,), constants)
