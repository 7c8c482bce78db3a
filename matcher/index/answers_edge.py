"""The index of answered questions in Qdrant's embedded engine, in a directory that one process may open."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import qdrant_edge as qe

from matcher.encoders.contract import Vectors
from matcher.index.answers import (
    FLOAT_KEYS,
    FORM,
    INTEGER_KEYS,
    KEYWORD_KEYS,
    LEXICAL,
    Answered,
    Near,
    Page,
    Sought,
    from_payload,
    index_name,
    to_payload,
)
from matcher.index.layout import Kind, Layout
from matcher.index.shard import Shard
from matcher.lexical.sparse import Sparse

_PAGE = 1_000


class EdgeAnswers:
    """The `AnswerIndex` over `qdrant_edge`."""

    def __init__(
        self,
        directory: Path,
        encoder_identity: str,
        dim: int,
        *,
        kind: str = "answers",
        durable: bool = True,
    ) -> None:
        """`directory` holds an index per encoder and `kind`. Without `durable` nothing is flushed before `close`, which is for
        indexes that are thrown away."""
        self._name = index_name(encoder_identity, kind)
        self._durable = durable
        self._directory = directory
        fields: dict[str, Kind] = {
            **dict.fromkeys(INTEGER_KEYS, "Integer"),
            **dict.fromkeys(FLOAT_KEYS, "Float"),
            **dict.fromkeys(KEYWORD_KEYS, "Keyword"),
        }
        self._shard = Shard(directory / self._name, Layout(dim, fields, LEXICAL))

    @property
    def name(self) -> str:
        return self._name

    @property
    def engine(self) -> str:
        return f"qdrant-edge-answers-{FORM}"

    def exists(self) -> bool:
        return self._shard.exists()

    def open(self) -> None:
        """As the contract says; indexes of other forms go, since nobody would forget anybody in them."""
        kept = self._directory / self._name
        for older in self._directory.glob(f"{self._name.removesuffix(FORM)}v*"):
            if older != kept:
                shutil.rmtree(older)
        self._shard.open()

    def put(self, answers: Sequence[Answered], vectors: Vectors, terms: Sequence[Sparse]) -> None:
        points = [
            qe.Point(
                answered.answer_id,
                {"": vector.tolist(), LEXICAL: qe.SparseVector(list(sparse.indices), list(sparse.values))},
                to_payload(answered),
            )
            for answered, vector, sparse in zip(answers, vectors, terms, strict=True)
        ]
        if points:
            self._update(qe.UpdateOperation.upsert_points(points))

    def rate(self, answer_id: int, stars: int) -> None:
        def rated(shard: qe.EdgeShard) -> None:
            if shard.retrieve([answer_id], False, False):
                shard.update(qe.UpdateOperation.set_payload([answer_id], {"stars": stars}))

        self._shard.write(rated, flush=self._durable)

    def set_free(self, expert_id: UUID, free: bool) -> None:
        of_expert = qe.Filter(must=[_is("expert", str(expert_id))])
        self._update(qe.UpdateOperation.set_payload_by_filter(of_expert, {"free": int(free)}))

    def remove_question(self, question_id: UUID) -> None:
        self._remove(qe.Filter(must=[_is("question", str(question_id))]))

    def remove_person(self, user_id: UUID) -> None:
        of_person = qe.Filter(should=[_is("expert", str(user_id)), _is("asker", str(user_id))])
        self._remove(of_person, forgetting=True)

    def search(self, sought: Sequence[Sought]) -> list[list[Near]]:
        if not sought:
            return []
        answers = self._shard.opened.query_batch(qe.QueryBatchRequest([_request(one) for one in sought]))
        return [[Near(int(point.id), point.score) for point in points] for points in answers]

    def pages(self) -> Iterator[Page]:
        after: Any = None
        while True:
            records, after = self._shard.opened.scroll(
                qe.ScrollRequest(offset=after, limit=_PAGE, with_payload=True, with_vector=True)
            )
            if records:
                vectors = np.array([_dense(record.vector) for record in records], dtype=np.float32)
                yield Page([from_payload(record.payload or {}) for record in records], vectors)
            if after is None:
                return

    def count(self) -> int:
        return self._shard.opened.info().points_count

    @property
    def stale(self) -> bool:
        return self._shard.stale

    def write_anew(self) -> None:
        self._shard.write_anew()

    def close(self) -> None:
        self._shard.close()

    def drop(self) -> None:
        self._shard.drop()

    def _remove(self, which: qe.Filter, *, forgetting: bool = False) -> None:
        self._shard.write(lambda shard: _take_away(shard, which), flush=self._durable, forgetting=forgetting)

    def _update(self, operation: qe.UpdateOperation) -> None:
        self._shard.write(lambda shard: shard.update(operation), flush=self._durable)


def _take_away(shard: qe.EdgeShard, which: qe.Filter) -> None:
    """The terms go first: the engine would count those of a removed point among all that have them until it tidies up,
    and an index that forgot something would give other scores than one made anew."""
    records: list[Any] = []
    after: Any = None
    while True:
        page, after = shard.scroll(
            qe.ScrollRequest(offset=after, limit=_PAGE, filter=which, with_payload=True, with_vector=True)
        )
        records += page
        if after is None:
            break
    if records:
        bare = [qe.Point(one.id, {"": _dense(one.vector)}, one.payload or {}) for one in records]
        shard.update(qe.UpdateOperation.upsert_points(bare))
        shard.update(qe.UpdateOperation.delete_points([one.id for one in records]))


def _request(sought: Sought) -> qe.QueryRequest:
    if sought.dense is not None:
        nearest = qe.Query.Nearest(sought.dense.tolist())
    else:
        sparse = sought.sparse or Sparse()
        nearest = qe.Query.Nearest(qe.SparseVector(list(sparse.indices), list(sparse.values)), using=LEXICAL)
    return qe.QueryRequest(limit=sought.limit, query=nearest, filter=_filter(sought), with_payload=False)


def _filter(sought: Sought) -> qe.Filter:
    must: list[Any] = []
    if sought.free:
        must.append(_is("free", 1))
    if not sought.demo:
        must.append(_is("demo", 0))
    if sought.only is not None:
        must.append(qe.FieldCondition("expert", qe.MatchAny(sorted(str(one) for one in sought.only))))
    if sought.since is not None:
        must.append(qe.FieldCondition("at", range=qe.RangeFloat(gte=sought.since)))
    excluded: list[Any] = []
    if sought.excluded:
        excluded.append(qe.FieldCondition("expert", qe.MatchAny(sorted(str(one) for one in sought.excluded))))
    return qe.Filter(must=must, must_not=excluded)


def _is(key: str, value: Any) -> qe.FieldCondition:
    return qe.FieldCondition(key, qe.MatchValue(value))


def _dense(vector: Any) -> Any:
    return vector[""] if isinstance(vector, dict) else vector
