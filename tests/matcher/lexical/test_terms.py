"""Terms of Korean and English texts, and the sparse vectors made of them."""

import pytest

from matcher.lexical.sparse import dimension, document, query
from matcher.lexical.terms import Terms


@pytest.fixture(scope="module")
def terms() -> Terms:
    return Terms()


def test_korean_words_meet_whatever_particle_or_ending_they_have(terms: Terms) -> None:
    first, second = terms.of("메일을 지울까요?"), terms.of("메일만 지우고 싶어")

    assert {"메일", "지우"} <= first.keys() & second.keys()


def test_english_words_meet_whatever_their_ending_and_in_korean_texts_too(terms: Terms) -> None:
    assert terms.of("Incorporating companies").keys() == terms.of("incorporate a company").keys()
    assert "queri" in terms.of("SQL queries가 느려요").keys() & terms.of("slow query").keys()


def test_how_often_a_word_is_there_is_counted_and_what_says_nothing_is_left_out(terms: Terms) -> None:
    assert terms.of("the tax of the tax") == {"tax": 2}
    assert terms.of("") == terms.of("?!") == {}


def test_a_word_said_twice_weighs_more_but_not_twice_as_much() -> None:
    once, twice = (
        dict(zip(v.indices, v.values, strict=True))
        for v in (document({"a": 1, "b": 3}), document({"a": 2, "b": 2}))
    )
    at = dimension("a")

    assert once[at] < twice[at] < 2 * once[at]


def test_a_query_weighs_every_word_once_and_in_the_order_of_dimensions() -> None:
    vector = query(["b", "a", "b"])

    assert vector.values == (1.0, 1.0)
    assert list(vector.indices) == sorted({dimension("a"), dimension("b")})
