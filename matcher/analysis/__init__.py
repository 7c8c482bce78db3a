"""What a text says about itself: language, words, urgency and category. Pure."""

from matcher.analysis.contract import RULES, Analysis
from matcher.analysis.language import Language, language_of, languages_of
from matcher.analysis.rules import analyse
from matcher.analysis.words import expertise_of, overlap, words_of

__all__ = [
    "RULES",
    "Analysis",
    "Language",
    "analyse",
    "expertise_of",
    "language_of",
    "languages_of",
    "overlap",
    "words_of",
]
