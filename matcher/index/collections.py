"""How our collections are laid out on a Qdrant server: vectors also kept as bytes, and lasting names for what is live."""

from collections.abc import Mapping
from dataclasses import dataclass

from qdrant_client import QdrantClient
from qdrant_client import models as qm


@dataclass(frozen=True, slots=True)
class Quantised:
    """A search goes over vectors of one byte a dimension, a quarter of the memory, and compares the nearest again by
    the whole vectors."""

    oversampling: float = 2.0
    """So many times the wanted number are compared again; 0 leaves the order as the bytes give it."""

    @property
    def config(self) -> qm.ScalarQuantization:
        """Of a collection. The outermost hundredth of values is cut off, or a few would make all others coarse."""
        scalar = qm.ScalarQuantizationConfig(type=qm.ScalarType.INT8, quantile=0.99, always_ram=True)
        return qm.ScalarQuantization(scalar=scalar)

    @property
    def params(self) -> qm.SearchParams:
        """Of a search by a dense vector."""
        again = self.oversampling > 0
        return qm.SearchParams(
            quantization=qm.QuantizationSearchParams(
                rescore=again, oversampling=max(self.oversampling, 1.0) if again else None
            )
        )


def make(
    client: QdrantClient,
    name: str,
    dim: int,
    quantised: Quantised | None,
    indexed: Mapping[str, qm.PayloadSchemaType],
    sparse: str | None = None,
) -> None:
    """Make a collection, or bring one that is there to `quantised` and the payload indexes `indexed`; `sparse` names
    its sparse vector."""
    config = quantised.config if quantised else None
    if not client.collection_exists(name):
        client.create_collection(
            name,
            vectors_config=qm.VectorParams(size=dim, distance=qm.Distance.COSINE),
            sparse_vectors_config={sparse: qm.SparseVectorParams(modifier=qm.Modifier.IDF)}
            if sparse
            else None,
            quantization_config=config,
        )
    elif client.get_collection(name).config.quantization_config != config:
        client.update_collection(name, quantization_config=config or qm.Disabled.DISABLED)
    # Making a payload index that is there already changes nothing, so a kill between two of them is harmless.
    for key, kind in indexed.items():
        client.create_payload_index(name, key, kind)


def name_live(client: QdrantClient, collections: Mapping[str, str]) -> None:
    """Let each of these lasting names stand for its collection, all in one step.

    They are for people and tools that look at the server. A matcher asks by the collection's own name, whose vectors
    are of its encoder, whatever another matcher has switched to.
    """
    standing = {one.alias_name: one.collection_name for one in client.get_aliases().aliases}
    operations: list[qm.AliasOperations] = []
    for alias, collection in collections.items():
        if standing.get(alias) == collection:
            continue
        if alias in standing:
            operations.append(qm.DeleteAliasOperation(delete_alias=qm.DeleteAlias(alias_name=alias)))
        operations.append(
            qm.CreateAliasOperation(create_alias=qm.CreateAlias(collection_name=collection, alias_name=alias))
        )
    if operations:
        client.update_collection_aliases(operations)
