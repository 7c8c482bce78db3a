"""Languages and words of texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.analysis import analyse, expertise_of, language_of, languages_of, overlap, words_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("전세 보증금을 돌려받고 싶어요", "ko"),
        ("FastAPI 서버가 느려요. 어디부터 봐야 할까요?", "ko"),
        ("How do I prune roses?", "en"),
        ("Kubernetes pod restarts, 파드가 계속 재시작돼요", "mixed"),
        ("12345 ??", "en"),
        ("", "en"),
    ],
)
def test_the_language_of_a_text(text: str, language: str) -> None:
    assert language_of(text) == language


def test_an_experts_languages_are_those_they_write() -> None:
    assert languages_of("한국어와 스페인어") == ("ko",)
    assert languages_of("영어 이메일을 고쳐요. I edit English e-mails.") == ("ko", "en")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("파이썬에서 읽기", "파이썬"),
        ("파이썬은 처음", "파이썬"),
        ("계약을 했는데", "계약"),
        ("C++ 과 C# 중에", "c++"),
        ("node.js로 만들기", "node.js"),
        ("PostgreSQL", "postgresql"),
    ],
)
def test_a_word_is_found_in_its_sentence(text: str, word: str) -> None:
    assert word in words_of(text)


def test_words_that_tell_nothing_are_left_out() -> None:
    assert words_of("How do I 어떻게 해야 하나요") == frozenset()


@pytest.mark.parametrize(
    ("specialty", "question", "share"),
    [
        ("파이썬", "파이썬으로 하고 싶어요", 1.0),
        ("자바", "자바스크립트가 어려워요", 0.0),
        ("종합소득세", "종합소득세신고 기간", 1.0),
        ("부동산 계약", "부동산 일을 시작해요", 0.5),
        ("SQL 튜닝", "How do I write SQL?", 0.5),
        ("김치", "파이썬", 0.0),
    ],
)
def test_how_much_of_a_specialty_is_asked_for(specialty: str, question: str, share: float) -> None:
    assert overlap(expertise_of(specialty, 3), words_of(question)) == pytest.approx(share)


def test_the_category_counts_as_words_of_the_question() -> None:
    assert "세금" in analyse("언제까지인가요", "세금").words


@given(st.text(max_size=200))
def test_every_text_can_be_analysed(text: str) -> None:
    words = analyse(text).words

    assert all(word and word == word.lower() for word in words)
    assert overlap(expertise_of(text, 1), words) <= 1
