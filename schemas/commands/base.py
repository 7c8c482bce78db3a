"""The base of all commands. Who sends one, and its id, stand in the `Context` beside it."""

from typing import ClassVar

from schemas.base import ClosedSaid


class Command(ClosedSaid):
    """A wish to change something. `NAME` is its stable name."""

    NAME: ClassVar[str]
