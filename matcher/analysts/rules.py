"""The default analyst: rules, and categories by the nearest prototypes."""

from collections.abc import Mapping, Sequence

from matcher.analysis.categories import Categories, CategoryFile, examples
from matcher.analysis.rules import analyse
from matcher.analysts.contract import Analysed, Question
from matcher.encoders.contract import Vector
from matcher.encoders.worker import EncoderThread
from matcher.texts import encoded_text


class RuleAnalyst:
    """An `Analyst`. `open` encodes the prototypes, about a second for the bundled ones."""

    def __init__(self, thread: EncoderThread, file: CategoryFile) -> None:
        self._thread = thread
        self._file = file
        self._categories: Categories | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The categories there are."""
        return tuple(one.name for one in self._file.category)

    async def open(self) -> None:
        """Must end before anything is analysed."""
        vectors = await self._thread.queries([encoded_text(text) for text in examples(self._file)])
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
