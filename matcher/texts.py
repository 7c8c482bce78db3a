"""What of a question is encoded: its beginning, which says what it is about. Pure.

The cost of encoding is nearly linear in tokens, and others wait meanwhile. The words of the rest still count.
"""

LEXICAL_CHARACTERS = 1_000
"""How much of a question is cut into words."""

ENCODED_UNITS = 160
"""Of Latin letters, about 40 tokens and 45 ms on one core; a Hangul syllable counts twice, as it costs."""


def encoded_text(content: str, category: str | None = None) -> str:
    """The text to encode for a question, ended at a word."""
    text = " ".join((f"{category}: {content}" if category else content).split())
    units = 0
    for at, character in enumerate(text):
        units += 2 if "가" <= character <= "힣" else 1
        if units > ENCODED_UNITS:
            return text[:at].rsplit(" ", 1)[0] or text[:at]
    return text


def lexical_text(content: str, category: str | None = None) -> str:
    """The text of a question that is cut into words."""
    return f"{category or ''} {content}"[:LEXICAL_CHARACTERS].strip()


def topics_of(category: str | None) -> tuple[str, ...]:
    """The topics a question's category gives it."""
    return (category.strip().lower(),) if category else ()
