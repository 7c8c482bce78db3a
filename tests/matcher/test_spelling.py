"""How near words are by their letters."""

import pytest

from matcher.spelling import alike, letters


def test_hangul_is_taken_apart_into_its_letters() -> None:
    assert letters("김치 값 c++") == "ㄱㅣㅁㅊㅣ ㄱㅏㅄ c++"


@pytest.mark.parametrize(
    ("asked", "term"),
    [("김치찌", "김치찌개"), ("소득세", "종합소득세"), ("파이선", "파이썬"), ("databse", "database")],
)
def test_parts_and_slips_are_near(asked: str, term: str) -> None:
    assert 0.5 <= alike(asked, term) < alike(term, term) == 1.0


@pytest.mark.parametrize(("asked", "term"), [("김치", "파이썬"), ("너무", "나무"), ("세", "세탁기")])
def test_other_words_are_not(asked: str, term: str) -> None:
    assert alike(asked, term) == 0.0
