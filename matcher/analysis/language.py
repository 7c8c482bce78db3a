"""The language of a text, told by its script. Pure."""

import re
from typing import Literal

Language = Literal["ko", "en", "mixed"]

_HANGUL = re.compile(r"[가-힣]")
_LATIN = re.compile(r"[a-zA-Z]")
_MIXED_SHARE = 0.25
"""A text of two scripts is mixed if the smaller one holds at least this share of the letters."""


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
