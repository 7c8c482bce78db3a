"""How soon a question wants an answer, by its words."""

import pytest

from matcher.analysis import analyse
from matcher.analysis.words import keywords_of


@pytest.mark.parametrize(
    ("text", "urgency"),
    [
        ("급해요! 물이 새요", "high"),
        ("오늘까지 신고해야 하나요?", "high"),
        ("I need this ASAP", "high"),
        ("within 2 hours please", "high"),
        ("급하지 않아요, 천천히 알려 주세요", "low"),
        ("It is not urgent at all", "low"),
        ("시간 될 때 답해 주세요", "low"),
        ("파이썬 질문이에요", None),
        ("", None),
    ],
)
def test_the_hint(text: str, urgency: str | None) -> None:
    assert analyse(text).urgency == urgency


def test_keywords_stand_in_order_without_particles_and_are_few() -> None:
    assert keywords_of("파이썬에서 파이썬은 쿼리가 느려요") == ("파이썬", "쿼리", "느려")
    assert len(keywords_of(" ".join(f"word{n}" for n in range(50)))) == 8
