"""The default analyst: rules, and categories by the nearest prototypes."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matcher.analysis.categories import Categories, CategoryFile, examples
from matcher.analysis.rules import analyse
from matcher.analysts.contract import Analysed, Question
from matcher.analysts.prototypes import encoded_once
from matcher.encoders.contract import Vector
from matcher.encoders.worker import EncoderThread
from matcher.texts import encoded_text


class RuleAnalyst:
    """An `Analyst`. `open` encodes the prototypes, some two seconds for the bundled ones, unless they are kept."""

    def __init__(self, thread: EncoderThread, file: CategoryFile, kept: Path | None = None) -> None:
        """`kept` is the directory in which what was encoded is kept; without it nothing is."""
        self._thread = thread
        self._kept = kept
        self._file = file
        self._categories: Categories | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The categories there are."""
        return tuple(one.name for one in self._file.category)

    async def open(self) -> None:
        """Must end before anything is analysed."""
        texts = [encoded_text(text) for text in examples(self._file)]
        vectors = await encoded_once(self._kept, self._thread.identity, texts, self._thread.queries)
        self._categories = Categories(self._file, vectors)

    async def analyse(self, questions: Sequence[Question]) -> list[Analysed]:
        texts = [encoded_text(one.content, one.category) for one in questions]
        vectors = await self._thread.queries(texts)
        return [
            Analysed(analyse(one.content, one.category, self._known.told(vector)), vector)
            for one, vector in zip(questions, vectors, strict=True)
        ]

    def plausible(self, vector: Vector) -> Mapping[str, float]:
        """The categories that a question with this vector may be in, whoever says so, with how well each fits."""
        return self._known.plausible(vector)

    @property
    def _known(self) -> Categories:
        if self._categories is None:
            raise RuntimeError("the prototypes are not encoded: call open first")
        return self._categories
