"""The words of a text. Pure, and the same for questions and specialties.

Words are the tokens of the text in lower case; a Hangul token is there with and without the particle (josa) at its
end, since which of the two is the noun cannot be told without a dictionary. One side of a comparison having both
forms is enough for them to meet.
"""

import re

from matcher.index.contract import Expertise

KEYWORDS = 8
"""Most keywords of a question."""

_TOKEN = re.compile(r"[가-힣]+|[a-z0-9][a-z0-9+#]*(?:\.[a-z0-9]+)*")
_HANGUL = re.compile(r"[가-힣]")
_SPACED = re.compile(r"\S+")
_JOSA = tuple(
    sorted(
        _SPACED.findall(
            "은 는 이 가 을 를 에 의 와 과 로 도 만 랑 나 요 에서 에게 에는 에도 으로 로는 부터 까지 처럼 보다 마다 조차 이나 이랑 하고 한테 께서 이라 라고"
            " 이란 에서는 에서도 으로는 인데 이요 예요 이에요"
        ),
        key=len,
        reverse=True,
    )
)
_STOP_WORDS = frozenset(
    _SPACED.findall(
        "the and for how what why when where who with from into that this are was can does not you"
        " your have has should there about is to of in on my me it do be or an as at by if so we 어떻게 어떤"
        " 무엇 언제 어디 왜 누가 하나요 있나요 있을까요 없나요 해야 하면 하는 있는 방법 알려 주세요 알려주세요 궁금해요 궁금합니다 그리고 그런데 너무 자꾸 계속 정말 아주"
        " 제가 저는 우리 이거 그거 것을 좋을까요 되나요"
    )
)
_LEAST_PREFIX = 4
"""A term this long is also found at the beginning of a longer word, as in 종합소득세신고."""


def words_of(text: str) -> frozenset[str]:
    """The words of `text` that may tell what it is about."""
    words: set[str] = set()
    for token in _TOKEN.findall(text.lower()):
        forms = {token, _without_josa(token)}
        words |= {form for form in forms if _tells(form)} if not forms & _STOP_WORDS else set()
    return frozenset(words)


def keywords_of(text: str) -> tuple[str, ...]:
    """The first words of `text` that may tell what it is about, each once and without its particle."""
    bare = (
        _without_josa(token)
        for token in _TOKEN.findall(text.lower())
        if not {token, _without_josa(token)} & _STOP_WORDS
    )
    return tuple(dict.fromkeys(word for word in bare if _tells(word)))[:KEYWORDS]


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
