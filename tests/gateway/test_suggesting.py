"""What a question that is being written says about itself."""

from typing import Any

from gateway.suggesting import Near, alike, category_of

LAW = Near(0.8, ("전세", "주택 임대차"))
POSTGRES = Near(0.7, ("PostgreSQL", "데이터베이스"))


def asked(*contents: str) -> list[dict[str, Any]]:
    return [{"questionId": str(i), "content": content} for i, content in enumerate(contents)]


class TestField:
    def test_a_field_that_the_question_names(self) -> None:
        assert category_of("postgresql 쿼리가 느려요", [LAW, POSTGRES]) == "PostgreSQL"

    def test_every_word_of_a_field_must_stand_in_the_question(self) -> None:
        assert category_of("주택을 사고 싶어요", [LAW]) is None

    def test_a_field_that_several_of_the_nearest_share(self) -> None:
        near = [Near(0.6, ("세금",)), Near(0.5, ("세금", "회계")), Near(0.4, ("요리",))]
        assert category_of("연말에 무엇을 내야 하나요?", near) == "세금"

    def test_what_others_share_is_no_field_if_the_nearest_does_not(self) -> None:
        near = [Near(0.8, ("김치",)), Near(0.4, ("피아노",)), Near(0.3, ("피아노",))]
        assert category_of("싱거운 배추에 간을 맞추려면?", near) is None

    def test_nobody_near_is_no_field(self) -> None:
        assert category_of("아무 말이나 적어 봤어요", []) is None


class TestLikeness:
    def test_the_same_matter_in_other_words_and_none_of_the_others(self) -> None:
        before = asked(
            "전세 보증금을 못 받고 있어요", "김치찌개는 어떻게 끓이나요?", "How do I tune PostgreSQL?"
        )
        [found] = alike("보증금을 돌려받지 못하고 있어요. 전세예요.", before)
        assert found["questionId"] == "0"
        assert 0.3 <= found["score"] <= 1

    def test_english_too_whatever_the_case(self) -> None:
        before = asked("김치찌개는 어떻게 끓이나요?", "How do I tune PostgreSQL queries?")
        assert [one["questionId"] for one in alike("how to tune a slow postgresql query", before)] == ["1"]

    def test_words_that_stand_in_every_question_make_nothing_alike(self) -> None:
        before = asked(
            *(
                f"{what} 이럴 때 어디에 물어보면 좋을까요?"
                for what in ("이사는", "요리는", "운전은", "공부는")
            )
        )
        assert alike("세금은 이럴 때 어디에 물어보면 좋을까요?", before) == []

    def test_the_best_first_and_no_more_than_wanted(self) -> None:
        before = asked(
            "전세 보증금 반환", "전세 보증금", "전세 보증금 반환 소송 절차", "전세 보증금 반환 방법"
        )
        found = alike("전세 보증금 반환", before, most=2)
        assert (found[0]["questionId"], found[0]["score"]) == ("0", 1)
        assert len(found) == 2
