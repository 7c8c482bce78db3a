"""An analysis as events keep it. Pure."""

from matcher.analysis import Analysis
from schemas.events.question import QuestionAnalysis

_DIGITS = 4


def to_event(analysis: Analysis) -> QuestionAnalysis:
    """The analysis without what follows from the question's words alone."""
    return QuestionAnalysis(
        by=analysis.by,
        fell_back=analysis.fell_back,
        language=analysis.language,
        category=analysis.category,
        category_fit=round(analysis.category_fit, _DIGITS),
        keywords=", ".join(analysis.keywords),
        urgency_hint=analysis.urgency,
    )
