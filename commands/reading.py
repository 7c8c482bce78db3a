"""The reading aggregate: how far one person has read in one room. Its stream is `reading_stream(room, user)`."""

from datetime import datetime
from typing import ClassVar, cast

from commands.sourced import Sourced, State
from schemas.base import EventData
from schemas.envelope import Meta
from schemas.events.room import ReadMarked
from schemas.ids import reading_stream


class ReadingState(State):
    """The last place read."""

    up_to_seq: int


class Reading(Sourced):
    """One person's read mark in one room. It only moves forward."""

    NAME: ClassVar[str] = "reading"
    STATE: ClassVar[type[State]] = ReadingState
    ORDER: ClassVar[int] = 4

    @property
    def state(self) -> ReadingState:
        """What is remembered."""
        return cast(ReadingState, self._state)

    @classmethod
    def start(cls, mark: ReadMarked, meta: Meta) -> "Reading":
        """The first mark."""
        return cls.begin(reading_stream(mark.room_id, mark.user_id), mark, meta)

    def advance(self, mark: ReadMarked, meta: Meta) -> None:
        """Move the mark, if that is forward."""
        if mark.up_to_seq > self.state.up_to_seq:
            self.say(mark, meta)

    def when(self, data: EventData, at: datetime) -> None:
        if isinstance(data, ReadMarked):
            self.remember(ReadingState(up_to_seq=data.up_to_seq))
