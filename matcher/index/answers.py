"""What an index of answered questions promises: one point per question and expert, found by meaning and by words.

A point holds who answered what when and how it was rated, never the words themselves. Filters run in the engine.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from matcher.encoders.contract import Vector, Vectors
from matcher.index.contract import plain_name
from matcher.lexical.sparse import Sparse
from schemas.ids import SYSTEM

FORM = "v3"
"""Of the payload and the terms; a change of either makes a new index."""

INTEGER_KEYS = ("free", "demo")
FLOAT_KEYS = ("at",)
KEYWORD_KEYS = ("expert", "question", "asker")
"""The keys that searches filter by."""

LEXICAL = "terms"
"""The name of the sparse vector; the dense one has none."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One question that one expert took on."""

    question_id: UUID
    expert_id: UUID
    at: float
    """Unix seconds."""
    stars: int = 0
    """1 to 5, 0 while it is not rated."""
    topics: tuple[str, ...] = ()
    """The question's category, in lower case."""
    free: bool = True
    """Whether the expert may be asked now: available and below their capacity."""
    demo: bool = False
    asker_id: UUID = SYSTEM
    """Whose question it was."""

    @property
    def answer_id(self) -> int:
        """The id of its point, 63 bits that follow from the two. A number, since hundreds are read for a question."""
        digest = blake2b(self.question_id.bytes + self.expert_id.bytes, digest_size=8).digest()
        return int.from_bytes(digest, "big") >> 1


@dataclass(frozen=True, slots=True)
class Sought:
    """A search: by `dense` or by `sparse`, exactly one of them."""

    limit: int
    dense: Vector | None = None
    sparse: Sparse | None = None
    free: bool = True
    """Only answers of experts who may be asked now."""
    demo: bool = True
    """Answers of demo experts too."""
    excluded: frozenset[UUID] = frozenset()
    """Experts whose answers are left out."""
    only: frozenset[UUID] | None = None
    """The experts whose answers are looked at; None for all."""
    since: float | None = None
    """Only answers of this moment and later, in Unix seconds."""


class Near(NamedTuple):
    """An answer that was found: its id, and its cosine similarity or BM25 score. A tuple, since a question makes a
    thousand."""

    answer_id: int
    score: float


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the index, with the dense vectors: shape (len(answers), dim)."""

    answers: Sequence[Answered]
    vectors: Vectors = field(repr=False)


class AnswerIndex(Protocol):
    """Synchronous, as `ExpertIndex`, and with the same promise: what a call returned from survives a kill."""

    @property
    def name(self) -> str: ...

    @property
    def engine(self) -> str: ...

    def exists(self) -> bool:
        """Whether `open` would find an index rather than make one."""
        ...

    def open(self) -> None:
        """Make it, if it is not there, and be ready."""
        ...

    def put(self, answers: Sequence[Answered], vectors: Vectors, terms: Sequence[Sparse]) -> None:
        """Insert or replace by `answer_id`."""
        ...

    def rate(self, answer_id: int, stars: int) -> None:
        """Change the rating of an answer; one that is not there stays away."""
        ...

    def set_free(self, expert_id: UUID, free: bool) -> None:
        """Say of all answers of an expert whether the expert may be asked."""
        ...

    def remove_question(self, question_id: UUID) -> None:
        """Forget all answers to a question."""
        ...

    def remove_person(self, user_id: UUID) -> None:
        """Forget all answers that a person gave, and all to a question they asked."""
        ...

    def search(self, sought: Sequence[Sought]) -> list[list[Near]]:
        """For each search its answers, best first; without a word in common there is no lexical answer."""
        ...

    def pages(self) -> Iterator[Page]:
        """All of it, in no order that matters."""
        ...

    def count(self) -> int: ...

    @property
    def stale(self) -> bool:
        """Whether the files of it that we keep may hold bytes of somebody who was forgotten."""
        ...

    def write_anew(self) -> None:
        """Write these files without anything that was removed or replaced; searches and writes go on meanwhile.

        Raises `matcher.index.shard.NotAnew`."""
        ...

    def close(self) -> None: ...

    def drop(self) -> None:
        """Take it away, with all that is in it. It is closed; one that is not there stays away."""
        ...


def index_name(encoder_identity: str, kind: str) -> str:
    """The name of the index (a directory or a collection) of one kind for the vectors of one encoder."""
    return f"{kind}-{plain_name(encoder_identity)}-{FORM}"


def to_payload(answered: Answered) -> dict[str, Any]:
    """The payload of a point."""
    return {
        "question": str(answered.question_id),
        "asker": str(answered.asker_id),
        "expert": str(answered.expert_id),
        "at": answered.at,
        "stars": answered.stars,
        "topics": list(answered.topics),
        "free": int(answered.free),
        "demo": int(answered.demo),
    }


def from_payload(payload: dict[str, Any]) -> Answered:
    """The answer of a point."""
    return Answered(
        question_id=UUID(payload["question"]),
        expert_id=UUID(payload["expert"]),
        at=float(payload["at"]),
        stars=int(payload["stars"]),
        topics=tuple(payload["topics"]),
        free=payload["free"] == 1,
        demo=payload["demo"] == 1,
        asker_id=UUID(payload["asker"]),
    )
