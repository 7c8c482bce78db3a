"""What an analysis of a question says. Pure."""

from dataclasses import dataclass

from matcher.analysis.language import Language
from schemas.base import Urgency

RULES = "rules-1"
"""Names the rules, as events do; a change of what they answer makes a new name."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a question says about itself."""

    language: Language
    words: frozenset[str]
    """What it is compared with specialties by, those of its stated category among them."""
    keywords: tuple[str, ...] = ()
    """The words it is about, for people."""
    urgency: Urgency | None = None
    """A hint from its words; None if they give none. It changes no deadline."""
    category: str | None = None
    """One of the operator's categories; None if unsure."""
    category_fit: float = 0.0
    """How clearly the nearest category is it, from 0 to 1, whether or not that is enough."""
    by: str = RULES
    """What made the analysis."""
    fell_back: str | None = None
    """Why a language model that was to be asked has no part in it; None if it has, or none was to be asked."""
