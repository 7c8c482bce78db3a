"""What an index of experts promises: what was put is found, filtered and after a crash, under one lasting name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from matcher.encoders.contract import Vectors


@dataclass(frozen=True, slots=True)
class Expertise:
    """One specialty as the index knows it, with the words it is found by."""

    name: str
    level: int
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IndexedExpert:
    """An expert as the index knows them, beside their vector."""

    expert_id: UUID
    display_name: str
    expertise: tuple[Expertise, ...]
    languages: tuple[str, ...]
    """Those they write in: `ko`, `en`."""
    available: bool
    capacity: int
    open_rooms: int
    demo: bool
    encoder: str
    """The identity of the encoder that made the vector."""

    @property
    def at_capacity(self) -> bool:
        return self.open_rooms >= self.capacity

    @property
    def terms(self) -> tuple[str, ...]:
        """Every word of every specialty, once each."""
        return tuple(sorted({term for skill in self.expertise for term in skill.terms}))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which experts a search may return."""

    limit: int
    free: bool = True
    """Only those who are available and below their capacity."""
    demo: bool = True
    """Demo experts too."""
    excluded: frozenset[UUID] = frozenset()
    any_term: frozenset[str] = frozenset()
    """Unless empty: only those with one of these words among their specialties' terms."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An expert that was found, with the cosine similarity to the question."""

    expert: IndexedExpert
    similarity: float


class ExpertIndex(Protocol):
    """Synchronous; callers keep it off the event loop. Threads may search while one of them writes.

    `put` and `change` return once what they wrote survives a kill of the process, so that a position recorded
    afterwards is never ahead of the index.
    """

    @property
    def name(self) -> str:
        """Made from the encoder's identity, so that vectors of two encoders never meet."""
        ...

    @property
    def engine(self) -> str:
        """Which engine, and which form of what is stored in it."""
        ...

    def exists(self) -> bool:
        """Whether `open` would find an index of an earlier run."""
        ...

    def open(self) -> None:
        """Open the index, or make an empty one."""
        ...

    def put(self, experts: Sequence[IndexedExpert], vectors: Vectors) -> None:
        """Insert or replace `experts`; row i of `vectors` belongs to expert i."""
        ...

    def change(self, experts: Sequence[IndexedExpert]) -> None:
        """Replace what is known of `experts`, who are in the index, and keep their vectors."""
        ...

    def get(self, expert_ids: Sequence[UUID]) -> Mapping[UUID, IndexedExpert]:
        """Those of `expert_ids` that are in the index."""
        ...

    def everyone(self) -> Iterator[Sequence[IndexedExpert]]:
        """All of them, some at a time, in no order that matters."""
        ...

    def count(self) -> int: ...

    def search(self, vectors: Vectors, wanted: Sequence[Wanted]) -> list[list[Hit]]:
        """For each row of `vectors` the experts that `wanted` of the same place allows, most similar first."""
        ...

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


def index_name(encoder_identity: str) -> str:
    """The name of the index (a directory or a collection) for the vectors of one encoder."""
    return f"experts-{plain_name(encoder_identity)}"


def plain_name(identity: str) -> str:
    """`identity` as a part of a name of a directory or a collection."""
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in identity.lower())
