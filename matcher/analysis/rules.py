"""The analysis by rules alone, for every text and at once. Pure."""

from matcher.analysis.categories import Told
from matcher.analysis.contract import Analysis
from matcher.analysis.language import language_of
from matcher.analysis.urgency import urgency_of
from matcher.analysis.words import keywords_of, words_of

NOT_TOLD = Told(None, 0.0)


def analyse(content: str, category: str | None = None, told: Told = NOT_TOLD) -> Analysis:
    """Analyse a question; the words of the category its asker gave it count as its own, that which is `told` does not."""
    return Analysis(
        language=language_of(content),
        words=words_of(f"{content} {category or ''}"),
        keywords=keywords_of(content),
        urgency=urgency_of(content),
        category=told.name,
        category_fit=told.fit,
    )
