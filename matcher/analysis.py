"""What a text says about itself: its language and its words. Pure, and the same for questions and specialties.

Words are the tokens of the text in lower case; a Hangul token is there with and without the particle (josa) at its
end, since which of the two is the noun cannot be told without a dictionary. One side of a comparison having both
forms is enough for them to meet.
"""

import re
from dataclasses import dataclass
from typing import Literal

from matcher.index.contract import Expertise

Language = Literal["ko", "en", "mixed"]

_TOKEN = re.compile(r"[가-힣]+|[a-z0-9][a-z0-9+#]*(?:\.[a-z0-9]+)*")
_HANGUL = re.compile(r"[가-힣]")
_LATIN = re.compile(r"[a-zA-Z]")
_MIXED_SHARE = 0.25
"""A text of two scripts is mixed if the smaller one holds at least this share of the letters."""

_JOSA = tuple(
    sorted(
        [
            "은",
            "는",
            "이",
            "가",
            "을",
            "를",
            "에",
            "의",
            "와",
            "과",
            "로",
            "도",
            "만",
            "랑",
            "나",
            "요",
            "에서",
            "에게",
            "에는",
            "에도",
            "으로",
            "로는",
            "부터",
            "까지",
            "처럼",
            "보다",
            "마다",
            "조차",
            "이나",
            "이랑",
            "하고",
            "한테",
            "께서",
            "이라",
            "라고",
            "이란",
            "에서는",
            "에서도",
            "으로는",
            "인데",
            "이요",
            "예요",
            "이에요",
        ],
        key=len,
        reverse=True,
    )
)
_STOP_WORDS = frozenset(
    [
        "the",
        "and",
        "for",
        "how",
        "what",
        "why",
        "when",
        "where",
        "who",
        "with",
        "from",
        "into",
        "that",
        "this",
        "are",
        "was",
        "can",
        "does",
        "not",
        "you",
        "your",
        "have",
        "has",
        "should",
        "there",
        "about",
        "is",
        "to",
        "of",
        "in",
        "on",
        "my",
        "me",
        "it",
        "do",
        "be",
        "or",
        "an",
        "as",
        "at",
        "by",
        "if",
        "so",
        "we",
        "어떻게",
        "어떤",
        "무엇",
        "언제",
        "어디",
        "왜",
        "누가",
        "하나요",
        "있나요",
        "있을까요",
        "없나요",
        "해야",
        "하면",
        "하는",
        "있는",
        "방법",
        "알려",
        "주세요",
        "알려주세요",
        "궁금해요",
        "궁금합니다",
        "그리고",
        "그런데",
        "너무",
        "자꾸",
        "계속",
        "정말",
        "아주",
        "제가",
        "저는",
        "우리",
        "이거",
        "그거",
        "것을",
        "좋을까요",
        "되나요",
    ]
)
_LEAST_PREFIX = 4
"""A term this long is also found at the beginning of a longer word, as in 종합소득세신고."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a question says."""

    language: Language
    words: frozenset[str]


def analyse(content: str, category: str | None = None) -> Analysis:
    """Analyse a question; the words of its category count as its own."""
    return Analysis(language_of(content), words_of(f"{content} {category or ''}"))


def language_of(text: str) -> Language:
    """`ko` if it is written in Hangul, `en` in Latin letters (also if there are no letters), `mixed` in both."""
    hangul, latin = len(_HANGUL.findall(text)), len(_LATIN.findall(text))
    # A Hangul syllable is a block of two or three letters.
    share = 2.5 * hangul / (2.5 * hangul + latin) if hangul or latin else 0.0
    if _MIXED_SHARE <= share <= 1 - _MIXED_SHARE:
        return "mixed"
    return "ko" if share > 0.5 else "en"


def languages_of(text: str) -> tuple[str, ...]:
    """The languages an expert's own text shows: those of its scripts that hold more than a few letters."""
    found = (("ko", len(_HANGUL.findall(text)) >= 4), ("en", len(_LATIN.findall(text)) >= 12))
    return tuple(language for language, there in found if there)


def words_of(text: str) -> frozenset[str]:
    """The words of `text` that may tell what it is about."""
    words: set[str] = set()
    for token in _TOKEN.findall(text.lower()):
        forms = {token, _without_josa(token)}
        words |= {form for form in forms if _tells(form)} if not forms & _STOP_WORDS else set()
    return frozenset(words)


def expertise_of(name: str, level: int) -> Expertise:
    """A specialty with the words it is found by."""
    tokens = _TOKEN.findall(name.lower())
    return Expertise(name, level, tuple(dict.fromkeys(tokens)))


def overlap(expertise: Expertise, words: frozenset[str]) -> float:
    """Which share of the words of a specialty stand in a question, from 0 to 1."""
    if not expertise.terms:
        return 0.0
    found = sum(1 for term in expertise.terms if _stands_in(term, words))
    return found / len(expertise.terms)


def _stands_in(term: str, words: frozenset[str]) -> bool:
    if term in words:
        return True
    return len(term) >= _LEAST_PREFIX and any(word.startswith(term) for word in words)


def _without_josa(token: str) -> str:
    if _HANGUL.match(token):
        for josa in _JOSA:
            if token.endswith(josa) and len(token) - len(josa) >= 2:
                return token[: -len(josa)]
    return token


def _tells(word: str) -> bool:
    return len(word) > 1 or word in {"c", "r", "차", "집", "약", "돈", "법"}
