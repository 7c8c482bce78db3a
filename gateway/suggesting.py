"""What a question that is being written says about itself: its field, and which answered ones are like it. Pure.

Likeness is by pairs of neighbouring letters, which needs no dictionary in Korean or English; a pair that stands in many
questions (어떻게, how to) counts little.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

_WORD = re.compile(r"[\w+#]+")
_ASKING = frozenset(
    [
        "어떻게",
        "해야",
        "하나요",
        "있나요",
        "되나요",
        "무엇",
        "무엇을",
        "무엇부터",
        "왜",
        "how",
        "what",
        "why",
        "do",
        "does",
        "i",
        "to",
        "the",
        "a",
        "is",
        "can",
    ]
)
"""Words of asking itself, which say nothing of the matter."""
ALIKE = 0.3
"""Below this likeness two questions are about different things."""
_SHARED_BY = 2
"""Where no word of a field stands in the question, so many of the experts nearest to it must state the field."""
_LEAST_TERM = 2
_MANY = 4
_HARDLY = 0.02


@dataclass(frozen=True, slots=True)
class Near:
    """An expert near to the question: how near, from 0 to 1, and the names of their specialties."""

    score: float
    specialties: tuple[str, ...]


def category_of(content: str, near: Sequence[Near]) -> str | None:
    """The field of the nearest experts (best first) that the question names, or that the very nearest shares with
    another of them; none if unsure."""
    text = content.lower()
    named: dict[str, float] = {}
    shared: Counter[str] = Counter()
    for expert in near:
        for name in dict.fromkeys(expert.specialties):
            shared[name] += 1
            if _names(text, name):
                named[name] = named.get(name, 0.0) + expert.score
    if named:
        return max(named, key=lambda name: (named[name], len(name)))
    of_nearest = near[0].specialties if near else ()
    widest = max(of_nearest, key=lambda name: shared[name], default=None)
    return widest if widest is not None and shared[widest] >= _SHARED_BY else None


def _names(text: str, specialty: str) -> bool:
    terms = [term for term in _WORD.findall(specialty.lower()) if len(term) >= _LEAST_TERM]
    return bool(terms) and all(term in text for term in terms)


def alike(content: str, others: Sequence[dict[str, Any]], most: int = 3) -> list[dict[str, Any]]:
    """The `most` of `others` (each with its `content`) that are most like `content`, with their `score`, best first."""
    wanted = _pairs(content)
    known = [_pairs(one["content"]) for one in others]
    often = Counter(pair for pairs in known for pair in pairs)
    weight = {pair: _weight(often[pair], len(known)) for pair in often.keys() | wanted}
    scored = [
        {**one, "score": _likeness(wanted, pairs, weight)} for one, pairs in zip(others, known, strict=True)
    ]
    best = sorted(scored, key=lambda one: one["score"], reverse=True)[:most]
    return [one for one in best if one["score"] >= ALIKE]


def _pairs(text: str) -> frozenset[str]:
    words = [word for word in _WORD.findall(text.lower()) if word not in _ASKING]
    return frozenset(word[i : i + 2] for word in words for i in range(max(1, len(word) - 1)))


def _weight(often: int, of: int) -> float:
    if of >= _MANY and often > of / 2:
        return _HARDLY
    return math.log((of + 2) / (often + 1))


def _likeness(one: frozenset[str], other: frozenset[str], weight: dict[str, float]) -> float:
    """Dice's coefficient, each pair by its weight."""
    whole = _sum(one, weight) + _sum(other, weight)
    return round(2 * _sum(one & other, weight) / whole, 3) if whole else 0.0


def _sum(pairs: Iterable[str], weight: dict[str, float]) -> float:
    return sum(weight[pair] for pair in pairs)
