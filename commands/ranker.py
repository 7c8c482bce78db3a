"""The ranker aggregate: which ranker is live, and which were before it. Its stream is `RANKER_STREAM`."""

from datetime import datetime
from typing import ClassVar, cast

from commands.refusals import Conflict
from commands.sourced import Sourced, State
from schemas.base import EventData
from schemas.envelope import Meta
from schemas.events.matcher import RankerChosen
from schemas.ids import HAND_SET_RANKER, RANKER_STREAM

REMEMBERED = 20
"""How many choices can be taken back."""


class Choice(State):
    """A ranker that is or was live."""

    version: str
    sha256: str = ""
    encoder: str = ""


class RankerState(State):
    """The rankers that were live one after another, without those that were taken back; the last is live."""

    chosen: tuple[Choice, ...]


class Ranker(Sourced):
    """The one choice of a ranker, for all matchers."""

    NAME: ClassVar[str] = "ranker"
    STATE: ClassVar[type[State]] = RankerState
    ORDER: ClassVar[int] = 0

    @property
    def state(self) -> RankerState:
        """What is remembered."""
        return cast(RankerState, self._state)

    @classmethod
    def first(cls, choice: Choice, meta: Meta) -> "Ranker":
        """Another than the hand-set weights is chosen for the first time."""
        if choice.version == HAND_SET_RANKER:
            raise Conflict(f"{HAND_SET_RANKER} is live already", field="version")
        return cls.begin(RANKER_STREAM, _chosen(choice, previous=HAND_SET_RANKER), meta)

    def use(self, choice: Choice, meta: Meta) -> None:
        """Choose a ranker; the one that is live is refused, unless its artefact was made anew."""
        live = self.state.chosen[-1]
        if choice == live:
            raise Conflict(f"{choice.version} is live already", field="version")
        self.say(_chosen(choice, previous=live.version), meta)

    def roll_back(self, meta: Meta) -> None:
        """Choose the one that was live before."""
        if len(self.state.chosen) < 2:
            raise Conflict("there is no earlier ranker to go back to")
        *_, before, live = self.state.chosen
        self.say(_chosen(before, previous=live.version, rolled_back=True), meta)

    def when(self, data: EventData, at: datetime) -> None:
        if not isinstance(data, RankerChosen):
            return
        choice = Choice(version=data.version, sha256=data.sha256, encoder=data.encoder)
        if not hasattr(self, "_state"):
            self.remember(RankerState(chosen=(Choice(version=data.previous), choice)))
        elif data.rolled_back:
            self.state.chosen = self.state.chosen[:-1]
        else:
            self.state.chosen = (*self.state.chosen, choice)[-REMEMBERED:]


def _chosen(choice: Choice, *, previous: str, rolled_back: bool = False) -> RankerChosen:
    return RankerChosen(
        matcher_id=RANKER_STREAM,
        version=choice.version,
        sha256=choice.sha256,
        encoder=choice.encoder,
        previous=previous,
        rolled_back=rolled_back,
    )
