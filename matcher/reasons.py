"""A ranking in sentences, Korean and English: one reason for each feature that gave a candidate something.

Reasons are stored readable with the question's events, so they quote neither the question nor the expert.
"""

from collections.abc import Mapping

from matcher.ranking import Ranked
from schemas.events.question import Candidate, Reason

_DIGITS = 4
EXPLORATION = "exploration"
"""The reason of somebody new who is tried."""


def to_candidate(
    ranked: Ranked,
    draw: float | None = None,
    *,
    price: float | None = None,
    propensity: float | None = None,
) -> Candidate:
    """The candidate of the event, its reasons in the order of their contributions, largest first.

    `draw` is the chance drawn for somebody new who is tried; it stands last, since it adds nothing to the score.
    `price` is what having been asked much lately cost, `propensity` the chance to stand where they stand.
    """
    reasons = [
        Reason(
            feature=feature,
            value=round(ranked.values[feature], _DIGITS),
            contribution=round(contribution, _DIGITS),
            ko=ko,
            en=en,
        )
        for feature, contribution in ranked.contributions.items()
        if round(contribution, _DIGITS) > 0
        for ko, en in [_sentences(feature, ranked)]
    ]
    reasons.sort(key=lambda reason: (-reason.contribution, reason.feature))
    if draw is not None:
        reasons.append(
            Reason(
                feature=EXPLORATION,
                value=round(draw, _DIGITS),
                contribution=0.0,
                ko="새로 오신 분에게도 기회를 드려요.",
                en="New here, and given a chance.",
            )
        )
    return Candidate(
        expert_id=ranked.expert_id,
        display_name=ranked.display_name,
        score=round(ranked.score, _DIGITS),
        reasons=tuple(reasons),
        price=None if price is None else round(price, _DIGITS),
        propensity=None if propensity is None else round(propensity, _DIGITS),
    )


def _sentences(feature: str, ranked: Ranked) -> tuple[str, str]:
    value = ranked.values[feature]
    match feature:
        case "similarity":
            return _graded(value, _SIMILARITY)
        case "specialty":
            level = ranked.best.level if ranked.best else 0
            return (
                f"질문에 나온 말이 전문 분야에 있어요 (수준 {level}/5).",
                f"A specialty names what the question asks about (level {level} of 5).",
            )
        case "similar_answers":
            return _similar_answers(ranked)
        case "words_answered":
            return (
                "질문에 나온 말이 그동안 답한 질문에도 있어요.",
                "What the question says was in questions they answered.",
            )
        case "recent_activity":
            return "최근에도 질문에 답하고 있어요.", "Has been answering questions lately."
        case "topic_answers":
            return "이 분야의 질문에 최근 답했어요.", "Has lately answered questions in this field."
        case "rating":
            return _rating(ranked)
        case "response_rate":
            return _response_rate(ranked)
        case "response_time":
            return _graded(value, _RESPONSE_TIME)
        case "online":
            return "지금 접속해 있어요.", "Online now."
        case "load":
            return _graded(value, _LOAD)
        case "availability":
            return "질문을 받고 있어요.", "Taking questions."
        case _:
            raise KeyError(feature)


Grades = Mapping[float, tuple[str, str]]
"""Sentences by the least value they hold for, highest first."""

_SIMILARITY: Grades = {
    0.7: ("질문의 뜻이 소개와 아주 가까워요.", "The question is very close to what they do."),
    0.35: ("질문의 뜻이 소개와 가까워요.", "The question is close to what they do."),
    0.0: ("질문의 뜻이 소개와 조금 닿아 있어요.", "The question touches what they do."),
}
_RESPONSE_TIME: Grades = {
    0.6: ("제안에 빨리 답해요.", "Answers offers quickly."),
    0.4: ("제안에 보통 빠르기로 답해요.", "Answers offers in the usual time."),
    0.0: ("제안에 답하는 데 시간이 걸려요.", "Takes a while to answer offers."),
}
_LOAD: Grades = {
    0.99: ("지금 맡은 대화가 없어요.", "Has no other conversation now."),
    0.5: ("여유가 있어요.", "Has room for more."),
    0.0: ("다른 대화도 하고 있어요.", "Is in other conversations too."),
}


def _graded(value: float, grades: Grades) -> tuple[str, str]:
    return next(sentences for least, sentences in grades.items() if value >= least)


def _similar_answers(ranked: Ranked) -> tuple[str, str]:
    count = ranked.considered.history.count
    questions = "one question" if count == 1 else f"{count} questions"
    return (
        f"질문 {count}건에 답했고, 이번과 비슷한 질문도 있었어요.",
        f"Has answered {questions}, and some were like this one.",
    )


def _rating(ranked: Ranked) -> tuple[str, str]:
    known = ranked.considered.features
    if known is None or known.rating_count == 0:
        return "아직 평가가 없어요.", "Not rated yet."
    mean = known.rating_sum / known.rating_count
    times = "once" if known.rating_count == 1 else f"{known.rating_count} times"
    return (
        f"평균 별점이 {mean:.1f}점이에요 ({known.rating_count}번).",
        f"Rated {mean:.1f} of 5 on average ({times}).",
    )


def _response_rate(ranked: Ranked) -> tuple[str, str]:
    known = ranked.considered.features
    answered = known.accepted + known.declined if known else 0
    closed = answered + known.expired if known else 0
    if closed == 0:
        return "아직 답할 제안이 없었어요.", "Has had no offers to answer yet."
    return (
        f"제안 {closed}건 가운데 {answered}건에 답했어요.",
        f"Answered {answered} of {closed} offers.",
    )
