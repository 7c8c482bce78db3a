"""Commands of whoever runs the machine to the matcher: which ranker is live."""

from typing import Annotated, ClassVar

from pydantic import StringConstraints

from schemas.commands.base import Command

RankerVersion = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,79}$")]


class UseRanker(Command):
    """Rank questions by this ranker from now on."""

    NAME: ClassVar[str] = "use_ranker"
    version: RankerVersion
    sha256: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")] = ""
    encoder: Annotated[str, StringConstraints(max_length=200)] = ""


class RollBackRanker(Command):
    """Go back to the ranker that was live before the one that is."""

    NAME: ClassVar[str] = "roll_back_ranker"


COMMANDS: tuple[type[Command], ...] = (UseRanker, RollBackRanker)
