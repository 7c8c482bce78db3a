"""The index on a Qdrant server: one collection per encoder, shared by any number of matchers.

A write returns once the server has applied it to its segments (`wait`), which is after its own write-ahead log.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import httpx
from qdrant_client import QdrantClient
from qdrant_client import models as qm
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from matcher.encoders.contract import Vectors
from matcher.index.collections import Quantised, make
from matcher.index.contract import Hit, IndexedExpert, Wanted, index_name
from matcher.index.payload import FORM, INTEGER_KEYS, KEYWORD_KEYS, from_payload, to_payload

_PAGE = 1_000


@contextmanager
def reaching() -> Iterator[None]:
    """A server that is away, or has trouble of its own, is a lost connection to us: the call is worth repeating.

    So is one without the collection, which came back with an empty disk: it is made and filled anew by and by.
    """
    try:
        yield
    except ResponseHandlingException as error:
        raise ConnectionError(f"Qdrant cannot be reached: {error}") from error
    except UnexpectedResponse as error:
        if error.status_code == httpx.codes.NOT_FOUND:
            raise ConnectionError(f"Qdrant does not hold the index: {error}") from error
        if error.status_code is not None and error.status_code < 500:
            raise
        raise ConnectionError(f"Qdrant has trouble: {error}") from error


class ServerIndex:
    """The `ExpertIndex` over `qdrant_client`."""

    def __init__(
        self,
        client: QdrantClient,
        encoder_identity: str,
        dim: int,
        quantised: Quantised | None = None,
    ) -> None:
        self._client = client
        self._quantised = quantised
        self._name = f"{index_name(encoder_identity)}-{FORM}"
        self._dim = dim

    @property
    def name(self) -> str:
        return self._name

    @property
    def engine(self) -> str:
        return f"qdrant-server-{FORM}"

    @reaching()
    def exists(self) -> bool:
        return self._client.collection_exists(self._name)

    @reaching()
    def open(self) -> None:
        indexed = {
            **dict.fromkeys(INTEGER_KEYS, qm.PayloadSchemaType.INTEGER),
            **dict.fromkeys(KEYWORD_KEYS, qm.PayloadSchemaType.KEYWORD),
        }
        make(self._client, self._name, self._dim, self._quantised, indexed)

    @reaching()
    def put(self, experts: Sequence[IndexedExpert], vectors: Vectors) -> None:
        if not experts:
            return
        points = [
            qm.PointStruct(id=str(expert.expert_id), vector=vector.tolist(), payload=to_payload(expert))
            for expert, vector in zip(experts, vectors, strict=True)
        ]
        self._client.upsert(self._name, points, wait=True)

    @reaching()
    def change(self, experts: Sequence[IndexedExpert]) -> None:
        for expert in experts:
            self._client.overwrite_payload(
                self._name, payload=to_payload(expert), points=[str(expert.expert_id)], wait=True
            )

    @reaching()
    def get(self, expert_ids: Sequence[UUID]) -> Mapping[UUID, IndexedExpert]:
        found = self._client.retrieve(self._name, [str(expert_id) for expert_id in expert_ids])
        return {UUID(str(r.id)): from_payload(UUID(str(r.id)), r.payload or {}) for r in found}

    @reaching()
    def everyone(self) -> Iterator[Sequence[IndexedExpert]]:
        after: Any = None
        while True:
            records, after = self._client.scroll(self._name, limit=_PAGE, offset=after, with_payload=True)
            yield [from_payload(UUID(str(r.id)), r.payload or {}) for r in records]
            if after is None:
                return

    @reaching()
    def count(self) -> int:
        return self._client.count(self._name, exact=True).count

    @reaching()
    def search(self, vectors: Vectors, wanted: Sequence[Wanted]) -> list[list[Hit]]:
        requests = [
            qm.QueryRequest(
                query=vector.tolist(),
                filter=_filter(want),
                params=self._quantised.params if self._quantised else None,
                limit=want.limit,
                with_payload=True,
            )
            for vector, want in zip(vectors, wanted, strict=True)
        ]
        answers = self._client.query_batch_points(self._name, requests) if requests else []
        return [
            [Hit(from_payload(UUID(str(p.id)), p.payload or {}), p.score) for p in answer.points]
            for answer in answers
        ]

    @property
    def stale(self) -> bool:
        return False  # its files are the server's, which tidies them by its own optimizers

    def write_anew(self) -> None: ...

    def close(self) -> None:
        self._client.close()

    @reaching()
    def drop(self) -> None:
        self._client.delete_collection(self._name)


def _filter(want: Wanted) -> qm.Filter:
    must: list[qm.Condition] = []
    if want.free:
        must.append(qm.FieldCondition(key="available", match=qm.MatchValue(value=1)))
        must.append(qm.FieldCondition(key="at_capacity", match=qm.MatchValue(value=0)))
    if not want.demo:
        must.append(qm.FieldCondition(key="demo", match=qm.MatchValue(value=0)))
    if want.any_term:
        must.append(qm.FieldCondition(key="terms", match=qm.MatchAny(any=sorted(want.any_term))))
    excluded: list[qm.Condition] = []
    if want.excluded:
        excluded.append(qm.HasIdCondition(has_id=[str(expert_id) for expert_id in want.excluded]))
    return qm.Filter(must=must, must_not=excluded)
