"""The terms of a text: Korean morphemes by kiwipiepy, English stems by Snowball. The same text gives the same terms.

Engines' own tokenisers do not cut Korean words into stems and particles, so terms are made here. Texts without Hangul
never load the Korean analyser.
"""

import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from threading import Lock

import snowballstemmer

from matcher.lexical.morphemes import Here, Morphemes

_TOKEN = re.compile(r"[가-힣ㄱ-ㅎㅏ-ㅣ]+|[a-z0-9][a-z0-9+#]*")
_HANGUL = re.compile(r"[가-힣]")
_WORD = re.compile(r"\S+")
_TELLING = frozenset(_WORD.findall("NNG NNP NNB NR NP VV VA VX XR XSN MAG MM SL SN SH"))
"""Tags of morphemes that say what a text is about: nouns, stems of verbs and adjectives, adverbs, foreign words."""
_STOP_WORDS = frozenset(
    _WORD.findall(
        "a about am an and any are as at be been but by can could did do does for from had has have he how i if in into"
        " is it its just may me might my no not of on or our she should so some than that the their them then there"
        " these they this those to us was we were what when where which who why will with would you your"
    )
)


class Terms:
    """Cuts texts into terms. Threads may share one."""

    def __init__(self, morphemes: Morphemes | None = None) -> None:
        """`morphemes` is the Korean analyser, by default one in this process."""
        self._morphemes = morphemes or Here()

    def load(self) -> None:
        """Load the Korean analyser now rather than with the first Korean text."""
        self._morphemes.of("한국어")

    def of(self, text: str) -> Mapping[str, int]:
        """Each term of `text` with how often it is there."""
        lowered = text.lower().replace("\0", " ")
        if _HANGUL.search(lowered):
            return Counter(self._korean(lowered))
        return Counter(stem(token) for token in _TOKEN.findall(lowered) if token not in _STOP_WORDS)

    def _korean(self, text: str) -> list[str]:
        return [
            stem(form) if tag == "SL" else form
            for form, tag in self._morphemes.of(text)
            if tag.split("-")[0] in _TELLING and form not in _STOP_WORDS
        ]


_stemmer = snowballstemmer.stemmer("english")
_stemming = Lock()


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The English stem of `word`, which is in lower case."""
    with _stemming:
        return str(_stemmer.stemWord(word))
