"""Any model of the library sentence-transformers, by name or path. Needs the extra `torch`.

A model whose name says it is of the E5 family gets E5's prefixes; one that brings its own prompts for queries and
passages (`prompts` in its configuration) gets those; any other gets none.
"""

import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np

from matcher.encoders.contract import E5_RANGE, PASSAGE_PREFIX, QUERY_PREFIX, Vectors

_E5 = re.compile(r"(^|[^a-z0-9])e5([^a-z0-9]|$)")
_DIGESTED_BYTES = 1 << 20
"""Of each file of a model: enough to tell two models apart."""
_USUAL_RANGE = (0.1, 0.7)
"""Of most other models trained with a cosine: unrelated texts are near 0."""


class SentenceTransformers:
    """The `Encoder` over `SentenceTransformer`."""

    def __init__(self, model: str, *, device: str = "cpu") -> None:
        """`model` is a name on the model hub or a directory. Raises `ImportError` without the extra."""
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise ImportError(
                "the encoder sentence-transformers needs the extra: pip install 'yeongyeori[torch]'"
            ) from error
        self._model = SentenceTransformer(model, device=device)
        self._e5 = bool(_E5.search(model.lower()))
        self._identity = identity_of(model)
        self._query, self._passage = prefixes(model, dict(self._model.prompts))

    @property
    def identity(self) -> str:
        return self._identity

    @property
    def dim(self) -> int:
        return int(self._model.get_embedding_dimension())

    @property
    def similarity_range(self) -> tuple[float, float]:
        return E5_RANGE if self._e5 else _USUAL_RANGE

    def queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode([self._query + text for text in texts])

    def passages(self, texts: Sequence[str]) -> Vectors:
        return self._encode([self._passage + text for text in texts])

    def _encode(self, texts: list[str]) -> Vectors:
        if not texts:
            return np.empty((0, self.dim), dtype=np.float32)
        vectors = self._model.encode(texts, prompt="", normalize_embeddings=True, show_progress_bar=False)
        return np.ascontiguousarray(vectors, dtype=np.float32)


def identity_of(model: str) -> str:
    """The model's name; of a directory, whose name says little, a digest of its files."""
    directory = Path(model)
    if not directory.is_dir():
        return f"{model}-sentence-transformers"
    digest = sha256()
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(directory)}:{path.stat().st_size}\n".encode())
        with path.open("rb") as file:
            digest.update(file.read(_DIGESTED_BYTES))
    return f"{digest.hexdigest()[:16]}-sentence-transformers"


def prefixes(name: str, prompts: dict[str, str]) -> tuple[str, str]:
    """What to put before questions and before texts to be found, for the model `name` with its own `prompts`."""
    if _E5.search(name.lower()):
        return QUERY_PREFIX, PASSAGE_PREFIX
    passage = next((prompts[key] for key in ("passage", "document") if prompts.get(key)), "")
    return prompts.get("query", ""), passage
