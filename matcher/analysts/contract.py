"""The one port through which questions are analysed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from matcher.analysis import Analysis
from matcher.encoders.contract import Vector


@dataclass(frozen=True, slots=True)
class Question:
    """What is analysed: the asker's words, and where they file it if they say so."""

    content: str
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Analysed:
    """An analysis, and the vector of the text it was made with, so that nothing is encoded twice."""

    analysis: Analysis
    vector: Vector
    """As `EncoderThread.queries` gives it for the question's `encoded_text`."""


class Analyst(Protocol):
    """Always answers, one for each question and in order, and within a time that does not grow with their number by
    more than encoding them takes. Whatever a question says, the analysis names no expert and holds no word that is
    neither the asker's nor the operator's."""

    async def analyse(self, questions: Sequence[Question]) -> list[Analysed]: ...
