"""The index of experts in Qdrant's embedded engine: a directory that one process at a time may open.

Every write is flushed before the call returns, so that it survives a kill. What is known of the experts is kept in memory
beside the engine, which takes ten times as long to tell it as to find them, and holds the interpreter meanwhile.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID

import qdrant_edge as qe

from matcher.encoders.contract import Vectors
from matcher.index.contract import Hit, IndexedExpert, Wanted, index_name
from matcher.index.layout import Kind, Layout
from matcher.index.payload import FORM, INTEGER_KEYS, KEYWORD_KEYS, from_payload, to_payload
from matcher.index.shard import Shard

_PAGE = 1_000


class EdgeIndex:
    """The `ExpertIndex` over `qdrant_edge`."""

    def __init__(self, directory: Path, encoder_identity: str, dim: int) -> None:
        """`directory` holds an index per encoder."""
        self._name = f"{index_name(encoder_identity)}-{FORM}"
        fields: dict[str, Kind] = {
            **dict.fromkeys(INTEGER_KEYS, "Integer"),
            **dict.fromkeys(KEYWORD_KEYS, "Keyword"),
        }
        self._index = Shard(directory / self._name, Layout(dim, fields))
        self._experts: dict[UUID, IndexedExpert] = {}
        """Everybody in the index."""
        self._writing = Lock()
        """So that the two are written in the same order."""

    @property
    def name(self) -> str:
        return self._name

    @property
    def engine(self) -> str:
        return f"qdrant-edge-{FORM}"

    def exists(self) -> bool:
        return self._index.exists()

    def open(self) -> None:
        if self._index.open():
            self._experts = {expert.expert_id: expert for page in self._pages() for expert in page}

    def put(self, experts: Sequence[IndexedExpert], vectors: Vectors) -> None:
        if not experts:
            return
        points = [
            qe.Point(str(expert.expert_id), vector.tolist(), to_payload(expert))
            for expert, vector in zip(experts, vectors, strict=True)
        ]
        forgotten = any(not expert.display_name for expert in experts)
        with self._writing:
            self._index.write(
                lambda shard: shard.update(qe.UpdateOperation.upsert_points(points)), forgetting=forgotten
            )
            self._experts.update((expert.expert_id, expert) for expert in experts)

    def change(self, experts: Sequence[IndexedExpert]) -> None:
        with self._writing:
            if known := [expert for expert in experts if expert.expert_id in self._experts]:
                self._index.write(lambda shard: _overwrite(shard, known))
                self._experts.update((expert.expert_id, expert) for expert in known)

    def get(self, expert_ids: Sequence[UUID]) -> Mapping[UUID, IndexedExpert]:
        return {one: expert for one in expert_ids if (expert := self._experts.get(one))}

    def everyone(self) -> Iterator[Sequence[IndexedExpert]]:
        everyone = list(self._experts.values())
        for start in range(0, len(everyone), _PAGE):
            yield everyone[start : start + _PAGE]

    def _pages(self) -> Iterator[Sequence[IndexedExpert]]:
        after: Any = None
        while True:
            records, after = self._shard.scroll(
                qe.ScrollRequest(offset=after, limit=_PAGE, with_payload=True, with_vector=False)
            )
            yield [from_payload(_uuid(record.id), record.payload or {}) for record in records]
            if after is None:
                return

    def count(self) -> int:
        return self._shard.info().points_count

    def search(self, vectors: Vectors, wanted: Sequence[Wanted]) -> list[list[Hit]]:
        requests = [
            qe.QueryRequest(
                limit=want.limit,
                query=qe.Query.Nearest(vector.tolist()),
                filter=_filter(want),
                with_payload=False,
            )
            for vector, want in zip(vectors, wanted, strict=True)
        ]
        answers = self._shard.query_batch(qe.QueryBatchRequest(requests)) if requests else []
        return [
            [Hit(expert, point.score) for point in points if (expert := self._experts.get(_uuid(point.id)))]
            for points in answers
        ]

    @property
    def stale(self) -> bool:
        return self._index.stale

    def write_anew(self) -> None:
        self._index.write_anew()

    def close(self) -> None:
        self._index.close()

    def drop(self) -> None:
        self._index.drop()

    @property
    def _shard(self) -> qe.EdgeShard:
        return self._index.opened


def _overwrite(shard: qe.EdgeShard, experts: Sequence[IndexedExpert]) -> None:
    for expert in experts:
        shard.update(qe.UpdateOperation.overwrite_payload([str(expert.expert_id)], to_payload(expert)))


def _filter(want: Wanted) -> qe.Filter:
    must: list[Any] = []
    if want.free:
        must.append(qe.FieldCondition("available", qe.MatchValue(1)))
        must.append(qe.FieldCondition("at_capacity", qe.MatchValue(0)))
    if not want.demo:
        must.append(qe.FieldCondition("demo", qe.MatchValue(0)))
    if want.any_term:
        must.append(qe.FieldCondition("terms", qe.MatchAny(sorted(want.any_term))))
    excluded: list[Any] = []
    if want.excluded:
        excluded.append(qe.HasIdCondition({str(expert_id) for expert_id in want.excluded}))
    return qe.Filter(must=must, must_not=excluded)


def _uuid(point_id: Any) -> UUID:
    return point_id if isinstance(point_id, UUID) else UUID(str(point_id))
