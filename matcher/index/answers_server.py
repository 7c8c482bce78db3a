"""The index of answered questions on a Qdrant server: one collection per encoder, shared by any number of matchers."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import numpy as np
from qdrant_client import QdrantClient
from qdrant_client import models as qm

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
from matcher.index.collections import Quantised, make
from matcher.index.server import reaching
from matcher.lexical.sparse import Sparse

_PAGE = 1_000


class ServerAnswers:
    """The `AnswerIndex` over `qdrant_client`."""

    def __init__(
        self,
        client: QdrantClient,
        encoder_identity: str,
        dim: int,
        quantised: Quantised | None = None,
        *,
        kind: str = "answers",
    ) -> None:
        self._client = client
        self._quantised = quantised
        self._name = index_name(encoder_identity, kind)
        self._dim = dim

    @property
    def name(self) -> str:
        return self._name

    @property
    def engine(self) -> str:
        return f"qdrant-server-answers-{FORM}"

    @reaching()
    def exists(self) -> bool:
        return self._client.collection_exists(self._name)

    @reaching()
    def open(self) -> None:
        kinds = {
            **dict.fromkeys(INTEGER_KEYS, qm.PayloadSchemaType.INTEGER),
            **dict.fromkeys(FLOAT_KEYS, qm.PayloadSchemaType.FLOAT),
            **dict.fromkeys(KEYWORD_KEYS, qm.PayloadSchemaType.KEYWORD),
        }
        make(self._client, self._name, self._dim, self._quantised, kinds, LEXICAL)

    @reaching()
    def put(self, answers: Sequence[Answered], vectors: Vectors, terms: Sequence[Sparse]) -> None:
        points = [
            qm.PointStruct(
                id=answered.answer_id,
                vector={"": vector.tolist(), LEXICAL: _sparse(sparse)},
                payload=to_payload(answered),
            )
            for answered, vector, sparse in zip(answers, vectors, terms, strict=True)
        ]
        if points:
            self._client.upsert(self._name, points, wait=True)

    @reaching()
    def rate(self, answer_id: int, stars: int) -> None:
        this = qm.Filter(must=[qm.HasIdCondition(has_id=[answer_id])])
        self._client.set_payload(self._name, {"stars": stars}, points=this, wait=True)

    @reaching()
    def set_free(self, expert_id: UUID, free: bool) -> None:
        of_expert = qm.Filter(must=[_is("expert", str(expert_id))])
        self._client.set_payload(self._name, {"free": int(free)}, points=of_expert, wait=True)

    @reaching()
    def remove_question(self, question_id: UUID) -> None:
        of_question = qm.Filter(must=[_is("question", str(question_id))])
        self._client.delete(self._name, qm.FilterSelector(filter=of_question), wait=True)

    @reaching()
    def remove_person(self, user_id: UUID) -> None:
        of_person = qm.Filter(should=[_is("expert", str(user_id)), _is("asker", str(user_id))])
        self._client.delete(self._name, qm.FilterSelector(filter=of_person), wait=True)

    @reaching()
    def search(self, sought: Sequence[Sought]) -> list[list[Near]]:
        if not sought:
            return []
        answers = self._client.query_batch_points(self._name, [self._request(one) for one in sought])
        return [[Near(int(point.id), point.score) for point in answer.points] for answer in answers]

    @reaching()
    def pages(self) -> Iterator[Page]:
        after: Any = None
        while True:
            records, after = self._client.scroll(
                self._name, limit=_PAGE, offset=after, with_payload=True, with_vectors=True
            )
            if records:
                vectors = np.array([_dense(record.vector) for record in records], dtype=np.float32)
                yield Page([from_payload(record.payload or {}) for record in records], vectors)
            if after is None:
                return

    @reaching()
    def count(self) -> int:
        return self._client.count(self._name, exact=True).count

    @property
    def stale(self) -> bool:
        return False  # its files are the server's, which tidies them by its own optimizers

    def write_anew(self) -> None: ...

    def close(self) -> None:
        self._client.close()

    @reaching()
    def drop(self) -> None:
        self._client.delete_collection(self._name)

    def _request(self, sought: Sought) -> qm.QueryRequest:
        if sought.dense is not None:
            params = self._quantised.params if self._quantised else None
            return qm.QueryRequest(
                query=sought.dense.tolist(), filter=_filter(sought), params=params, limit=sought.limit
            )
        sparse = _sparse(sought.sparse or Sparse())
        return qm.QueryRequest(query=sparse, using=LEXICAL, filter=_filter(sought), limit=sought.limit)


def _filter(sought: Sought) -> qm.Filter:
    must: list[qm.Condition] = []
    if sought.free:
        must.append(_is("free", 1))
    if not sought.demo:
        must.append(_is("demo", 0))
    if sought.only is not None:
        must.append(_any_of("expert", sought.only))
    if sought.since is not None:
        must.append(qm.FieldCondition(key="at", range=qm.Range(gte=sought.since)))
    excluded: list[qm.Condition] = [_any_of("expert", sought.excluded)] if sought.excluded else []
    return qm.Filter(must=must, must_not=excluded)


def _is(key: str, value: str | int) -> qm.FieldCondition:
    return qm.FieldCondition(key=key, match=qm.MatchValue(value=value))


def _any_of(key: str, ids: frozenset[UUID]) -> qm.FieldCondition:
    return qm.FieldCondition(key=key, match=qm.MatchAny(any=sorted(str(one) for one in ids)))


def _sparse(sparse: Sparse) -> qm.SparseVector:
    return qm.SparseVector(indices=list(sparse.indices), values=list(sparse.values))


def _dense(vector: Any) -> Any:
    return vector[""] if isinstance(vector, dict) else vector
