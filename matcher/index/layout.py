"""What points of a shard of the embedded engine look like, and a shard written anew, point by point, in a process of
its own: reading all vectors and making a graph of them would hold this one's interpreter for as long as it takes.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import qdrant_edge as qe

Kind = Literal["Integer", "Float", "Keyword"]

PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Layout:
    """One dense vector compared by its angle, at most one sparse one with IDF, and a payload."""

    dim: int
    fields: Mapping[str, Kind]
    """The payload's keys that searches filter by."""
    sparse: str | None = None
    """The name of the sparse vector."""

    def create(self, path: Path) -> qe.EdgeShard:
        """A new shard, in a directory that is not there yet."""
        path.mkdir()
        shard = qe.EdgeShard.create(str(path), self._config)
        for key, kind in self.fields.items():
            shard.update(qe.UpdateOperation.create_field_index(key, getattr(qe.PayloadSchemaType, kind)))
        shard.flush()
        return shard

    def load(self, path: Path) -> qe.EdgeShard:
        """The shard that is there."""
        return qe.EdgeShard.load(str(path), self._config)

    def write_anew(self, old: Path, new: Path) -> None:
        """Make `new` a shard with the points of `old`, which nobody has open, and with nothing else.

        Raises OSError or subprocess.SubprocessError.
        """
        told = json.dumps(asdict(self))
        subprocess.run([sys.executable, "-m", "matcher.index.layout", told, str(old), str(new)], check=True)

    @property
    def _config(self) -> qe.EdgeConfig:
        sparse = {self.sparse: qe.EdgeSparseVectorParams(modifier=qe.Modifier.Idf)} if self.sparse else None
        return qe.EdgeConfig(
            vectors=qe.EdgeVectorParams(size=self.dim, distance=qe.Distance.Cosine),
            sparse_vectors=sparse,
            max_search_threads=1,
            wal_enabled=False,
        )


def copy_points(layout: Layout, old: Path, new: Path) -> None:
    """As `Layout.write_anew`, in this process."""
    source, target = layout.load(old), layout.create(new)
    after: Any = None
    while True:
        records, after = source.scroll(
            qe.ScrollRequest(offset=after, limit=PAGE, with_payload=True, with_vector=True)
        )
        points = [qe.Point(one.id, one.vector or [], one.payload) for one in records]
        if points:
            target.update(qe.UpdateOperation.upsert_points(points))
        if after is None:
            break
    target.flush()
    target.close()
    source.close()


if __name__ == "__main__":
    copy_points(Layout(**json.loads(sys.argv[1])), Path(sys.argv[2]), Path(sys.argv[3]))
