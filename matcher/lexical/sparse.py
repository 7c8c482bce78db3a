"""Terms as sparse vectors: BM25 (Robertson and Zaragoza 2009) with the inverse document frequency left to the engine.

A document's weights are its saturated term frequencies, a query's are 1. Dimensions are hashes of the terms, so that
the index holds no words. Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

K1 = 1.2
B = 0.4
"""Less than BM25's usual .75: questions are short, and a long one is not less about its subject."""
USUAL_LENGTH = 40.0
"""Terms of a usual question. A constant, since a mean that moves would change what is stored."""


@dataclass(frozen=True, slots=True)
class Sparse:
    """A sparse vector: dimensions in ascending order, and their weights."""

    indices: tuple[int, ...] = ()
    values: tuple[float, ...] = ()


def document(terms: Mapping[str, int]) -> Sparse:
    """The vector of a text to be found."""
    shrink = K1 * (1 - B + B * sum(terms.values()) / USUAL_LENGTH)
    return _sorted((term, count * (K1 + 1) / (count + shrink)) for term, count in terms.items())


def query(terms: Iterable[str]) -> Sparse:
    """The vector of a text that asks."""
    return _sorted((term, 1.0) for term in set(terms))


def dimension(term: str) -> int:
    """The dimension of `term`, from 0 to 2^31 - 1; of two terms in the same one, both are found by either."""
    return int.from_bytes(blake2b(term.encode(), digest_size=4).digest(), "big") & 0x7FFFFFFF


def _sorted(weights: Iterable[tuple[str, float]]) -> Sparse:
    found: dict[int, float] = {}
    for term, weight in weights:
        at = dimension(term)
        found[at] = max(weight, found.get(at, 0.0))
    items = sorted(found.items())
    return Sparse(tuple(at for at, _ in items), tuple(weight for _, weight in items))
