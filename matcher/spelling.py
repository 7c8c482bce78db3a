"""Specialties by how they are spelt, for expert search: parts of words are found, and words with a slip in them.

Hangul is taken apart into its letters, so that 김치찌 is the beginning of 김치찌개 and 파이선 is nearly 파이썬. Two words are
as near as their trigrams of letters are alike (Dice's coefficient); a part of a word is near by its own length.
"""

import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from threading import Lock
from uuid import UUID

from matcher.index.contract import ExpertIndex, Expertise, IndexedExpert
from matcher.ranking import WEIGHTS, Ranked

LEAST_ALIKE = 0.5
"""Below this two words are different ones."""
LEAST_PART = 4
"""Letters that a part of a word has at least: about two Hangul syllables."""
MOST = 60
"""Experts of one search that are looked at for their spelling."""
STALE_SECONDS = 60.0
"""After which the index is read again: another matcher may have changed it."""

_TOKEN = re.compile(r"[가-힣ㄱ-ㅎㅏ-ㅣ]+|[a-z0-9][a-z0-9+#]*(?:\.[a-z0-9]+)*")
_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS: tuple[str, ...] = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")


@dataclass(frozen=True, slots=True)
class Spelt:
    """The specialty of an expert that is spelt most like a text, and how far it speaks for them, from 0 to 1."""

    best: Expertise
    value: float


def letters(word: str) -> str:
    """`word` with each Hangul syllable as its two or three letters."""
    return "".join(_apart(character) for character in word)


@lru_cache(maxsize=65_536)
def alike(asked: str, term: str) -> float:
    """How near a word that was asked for is to a term, from 0 to 1; 0 for different words."""
    a, b = letters(asked), letters(term)
    part = 0.5 + 0.5 * len(a) / len(b) if len(a) >= LEAST_PART and a in b else 0.0
    left, right = _trigrams(a), _trigrams(b)
    dice = 2 * len(left & right) / (len(left) + len(right))
    return max(part, dice if dice >= LEAST_ALIKE else 0.0)


class Spellings:
    """The specialties of everybody in an index, kept in memory. Threads may share one."""

    def __init__(self, index: ExpertIndex) -> None:
        self._index = index
        self._lock = Lock()
        self._experts: dict[UUID, IndexedExpert] = {}
        self._holders: dict[str, set[UUID]] = {}
        self._of_trigram: dict[str, set[str]] = {}
        self._read_at: float | None = None

    def note(self, experts: Iterable[IndexedExpert]) -> None:
        """Experts have changed."""
        with self._lock:
            if self._read_at is not None:
                self._put(experts)

    def find(self, text: str, limit: int = MOST) -> Mapping[UUID, Spelt]:
        """Those whose specialties are spelt most like a word of `text`, `limit` at most."""
        with self._lock:
            self._read_if_stale()
            found: dict[UUID, Spelt] = {}
            near: dict[str, float] = {}
            for word in set(_TOKEN.findall(text.lower())):
                for term in self._shared(word):
                    near[term] = max(near.get(term, 0.0), alike(word, term))
            for expert_id in {one for term, value in near.items() if value for one in self._holders[term]}:
                skills = [one for one in self._experts[expert_id].expertise if one.terms]
                found[expert_id] = max((_spelt(one, near) for one in skills), key=lambda one: one.value)
        order = sorted(found, key=lambda one: (-found[one].value, one.bytes))[:limit]
        return {expert_id: found[expert_id] for expert_id in order}

    def terms_of(self, category: str) -> frozenset[str]:
        """The terms of all specialties whose names have `category` in them."""
        wanted = category.lower()
        with self._lock:
            self._read_if_stale()
            return frozenset(
                term
                for expert in self._experts.values()
                for one in expert.expertise
                if wanted in one.name.lower()
                for term in one.terms
            )

    def _shared(self, word: str) -> list[str]:
        """The terms that share enough trigrams with `word` to be near it."""
        spelt = letters(word)
        shared = Counter(term for trigram in _trigrams(spelt) for term in self._of_trigram.get(trigram, ()))
        least = max(1, min(len(_trigrams(spelt)) // 3, len(spelt) - 2))
        return [term for term, count in shared.items() if count >= least]

    def _read_if_stale(self) -> None:
        if self._read_at is None or time.monotonic() - self._read_at > STALE_SECONDS:
            self._experts, self._holders, self._of_trigram = {}, {}, {}
            for page in self._index.everyone():
                self._put(page)
            self._read_at = time.monotonic()

    def _put(self, experts: Iterable[IndexedExpert]) -> None:
        for expert in experts:
            for term in self._experts[expert.expert_id].terms if expert.expert_id in self._experts else ():
                self._holders[term].discard(expert.expert_id)
            self._experts[expert.expert_id] = expert
            for term in expert.terms:
                if term not in self._holders:
                    self._holders[term] = set()
                    for trigram in _trigrams(letters(term)):
                        self._of_trigram.setdefault(trigram, set()).add(term)
                self._holders[term].add(expert.expert_id)


def by_spelling(ranking: Sequence[Ranked], spelt: Mapping[UUID, Spelt]) -> list[Ranked]:
    """The ranking where a specialty that is spelt alike counts as one that fits, best first."""
    again = [_counted(ranked, spelt.get(ranked.expert_id)) for ranked in ranking]
    return sorted(again, key=lambda one: (-one.score, one.expert_id.bytes))


def _spelt(expertise: Expertise, near: Mapping[str, float]) -> Spelt:
    share = sum(near.get(term, 0.0) for term in expertise.terms) / len(expertise.terms)
    return Spelt(expertise, min(share * expertise.level / 5, 1.0))


def _counted(ranked: Ranked, spelt: Spelt | None) -> Ranked:
    if spelt is None or spelt.value <= ranked.values["specialty"]:
        return ranked
    contributions = {**ranked.contributions, "specialty": WEIGHTS["specialty"] * spelt.value}
    return replace(
        ranked,
        score=sum(contributions.values()),
        values={**ranked.values, "specialty": spelt.value},
        contributions=contributions,
        best=spelt.best,
    )


def _trigrams(spelt: str) -> frozenset[str]:
    """Those of letters, and of the beginning, which is seldom misspelt."""
    padded = f"  {spelt}"
    return frozenset(padded[at : at + 3] for at in range(len(padded) - 2))


def _apart(character: str) -> str:
    if not "가" <= character <= "힣":
        return character
    initial, rest = divmod(ord(character) - ord("가"), 588)
    vowel, final = divmod(rest, 28)
    return f"{_INITIALS[initial]}{_VOWELS[vowel]}{_FINALS[final]}"
