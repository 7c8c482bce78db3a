"""The index in Qdrant's embedded engine: a directory that one process at a time may open.

The engine's own write-ahead log would lay out 295 MB at once. It is left out: every write is flushed before the
call returns (4 to 10 ms), and after a crash the events above the tracked position are applied again.
"""

import fcntl
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

import qdrant_edge as qe

from matcher.encoders.contract import Vectors
from matcher.index.contract import Hit, IndexedExpert, Wanted, index_name
from matcher.index.payload import FORM, INTEGER_KEYS, KEYWORD_KEYS, from_payload, to_payload


class DirectoryInUse(RuntimeError):
    """Another process has the index open."""

    def __init__(self, directory: Path) -> None:
        super().__init__(f"another process has the vector index {directory} open; only one matcher may")


class EdgeIndex:
    """The `ExpertIndex` over `qdrant_edge`."""

    def __init__(self, directory: Path, encoder_identity: str, dim: int) -> None:
        """`directory` holds an index per encoder."""
        self._name = f"{index_name(encoder_identity)}-{FORM}"
        self._path = directory / self._name
        self._dim = dim
        self._opened: qe.EdgeShard | None = None
        self._lock: TextIO | None = None

    @property
    def name(self) -> str:
        return self._name

    @property
    def engine(self) -> str:
        return f"qdrant-edge-{FORM}"

    def exists(self) -> bool:
        return self._made_mark.exists()

    def open(self) -> None:
        self._path.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        shard = self._path / "shard"
        config = qe.EdgeConfig(
            vectors=qe.EdgeVectorParams(size=self._dim, distance=qe.Distance.Cosine),
            max_search_threads=1,
            wal_enabled=False,
        )
        if self.exists():
            self._opened = qe.EdgeShard.load(str(shard), config)
            # It holds the whole interpreter for its length, so it runs here, before anyone asks, and nowhere else.
            self._opened.optimize()
            return
        if shard.exists():  # a kill came between its making and the mark
            shutil.rmtree(shard)
        shard.mkdir()
        self._opened = qe.EdgeShard.create(str(shard), config)
        for key in INTEGER_KEYS:
            self._update(qe.UpdateOperation.create_field_index(key, qe.PayloadSchemaType.Integer))
        for key in KEYWORD_KEYS:
            self._update(qe.UpdateOperation.create_field_index(key, qe.PayloadSchemaType.Keyword))
        self._shard.flush()
        self._made_mark.touch()

    def put(self, experts: Sequence[IndexedExpert], vectors: Vectors) -> None:
        if not experts:
            return
        points = [
            qe.Point(str(expert.expert_id), vector.tolist(), to_payload(expert))
            for expert, vector in zip(experts, vectors, strict=True)
        ]
        self._update(qe.UpdateOperation.upsert_points(points))
        self._shard.flush()

    def change(self, experts: Sequence[IndexedExpert]) -> None:
        for expert in experts:
            self._update(qe.UpdateOperation.overwrite_payload([str(expert.expert_id)], to_payload(expert)))
        if experts:
            self._shard.flush()

    def get(self, expert_ids: Sequence[UUID]) -> Mapping[UUID, IndexedExpert]:
        found = self._shard.retrieve([str(expert_id) for expert_id in expert_ids], True, False)
        return {_uuid(record.id): from_payload(_uuid(record.id), record.payload or {}) for record in found}

    def count(self) -> int:
        return self._shard.info().points_count

    def search(self, vectors: Vectors, wanted: Sequence[Wanted]) -> list[list[Hit]]:
        requests = [
            qe.QueryRequest(
                limit=want.limit,
                query=qe.Query.Nearest(vector.tolist()),
                filter=_filter(want),
                with_payload=True,
            )
            for vector, want in zip(vectors, wanted, strict=True)
        ]
        answers = self._shard.query_batch(qe.QueryBatchRequest(requests)) if requests else []
        return [
            [Hit(from_payload(_uuid(point.id), point.payload or {}), point.score) for point in points]
            for points in answers
        ]

    def close(self) -> None:
        if self._opened is not None:
            self._opened.flush()
            self._opened.close()
            self._opened = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    @property
    def _shard(self) -> qe.EdgeShard:
        if self._opened is None:
            raise RuntimeError("the index is not open")
        return self._opened

    @property
    def _made_mark(self) -> Path:
        return self._path / "made"

    def _update(self, operation: qe.UpdateOperation) -> None:
        self._shard.update(operation)

    def _take_lock(self) -> None:
        lock = (self._path / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise DirectoryInUse(self._path) from None
        self._lock = lock


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
