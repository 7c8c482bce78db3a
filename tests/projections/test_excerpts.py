"""Given a shared conversation, then its excerpt is what was answered in it."""

import pytest

from projections.queries.archive import EXCERPT_CHARACTERS, excerpt

ASKER, FIRST, SECOND = "asker", "first", "second"
LONG = "가" * EXCERPT_CHARACTERS


def conversation(*said: tuple[str, str]) -> dict[str, object]:
    return {"userId": ASKER, "messages": [{"senderId": who, "content": content} for who, content in said]}


@pytest.mark.parametrize(
    ("author", "said", "expected"),
    [
        (FIRST, [(ASKER, "왜죠?"), (FIRST, "이래서요."), (SECOND, "저래서요.")], "이래서요."),
        (ASKER, [(ASKER, "왜죠?"), (FIRST, "이래서요."), (SECOND, "저래서요.")], "이래서요. 저래서요."),
        (SECOND, [(ASKER, "왜죠?"), (FIRST, "이래서요.")], "이래서요."),
        (ASKER, [(ASKER, "왜죠?"), (ASKER, "혼자\n풀었어요.")], "왜죠? 혼자 풀었어요."),
        (ASKER, [], ""),
    ],
)
def test_it_is_an_experts_words_where_there_are_any(
    author: str, said: list[tuple[str, str]], expected: str
) -> None:
    assert excerpt(conversation(*said), author) == expected


def test_greetings_give_way_to_the_answer_and_the_order_stays() -> None:
    step, more = "나" * 200, "다" * 70
    said = [(FIRST, text) for text in ("안녕하세요, 반가워요!", step, "네네, 그럼요.", more)]
    assert excerpt(conversation(*said), FIRST) == f"{step} {more}"


def test_it_is_cut_where_one_message_is_longer_than_all_it_may_be() -> None:
    found = excerpt(conversation((FIRST, "안녕하세요."), (FIRST, LONG + LONG)), FIRST)
    assert found == LONG + "…"
