"""A hint at how soon an answer is wanted, from the words of a question. Pure."""

import re

from schemas.base import Urgency

_UNHURRIED = re.compile(
    r"급하지\s*않|급한\s*(?:건|것은|일은)\s*아니|천천히\s*(?:답|알려|봐)|시간\s*(?:될|나실|있으실)\s*때|나중에\s*답"
    r"|\bno (?:rush|hurry)\b|\bnot urgent\b|\bwhenever you (?:can|have time)\b|\btake your time\b",
    re.IGNORECASE,
)
_HURRIED = re.compile(
    r"급해|급합|급하게|시급|긴급|빨리\s*(?:답|알려|도와)|지금\s*(?:당장|바로)|오늘\s*(?:까지|안에|중으로|마감)"
    r"|내일\s*(?:까지|아침까지|마감)|\d+\s*(?:분|시간)\s*(?:안에|이내|뒤|후)|응급"
    r"|\burgent(?:ly)?\b|\basap\b|\bas soon as possible\b|\bright (?:now|away)\b|\bemergency\b|\bimmediately\b"
    r"|\b(?:by|before|until) (?:today|tonight|tomorrow)\b|\bwithin (?:the|an|one|\d+) (?:hours?|minutes?)\b",
    re.IGNORECASE,
)


def urgency_of(text: str) -> Urgency | None:
    """`high` or `low` if the words say so, `low` before `high` since it is said by denying the other; else None."""
    if _UNHURRIED.search(text):
        return "low"
    return "high" if _HURRIED.search(text) else None
