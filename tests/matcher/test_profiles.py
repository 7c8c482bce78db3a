"""What the events of experts make of the index."""

from uuid import UUID

from matcher.profiles import fold
from schemas.events.account import AccountRegistered
from schemas.events.expert import ExpertEngaged, ExpertProfileSet, ExpertReleased, Specialty

ANNA, BEN, QUESTION = UUID(int=1), UUID(int=2), UUID(int=9)


def profile(expert_id: UUID = ANNA, capacity: int = 2, **changes: object) -> ExpertProfileSet:
    fields: dict[str, object] = {
        "expert_id": expert_id,
        "display_name": "안나",
        "specialties": (Specialty(name="SQL 튜닝", level=3), Specialty(name="파이썬", level=5)),
        "experience_years": 4,
        "bio": "느린 쿼리를 봐요.",
        "capacity": capacity,
        "available": True,
    }
    return ExpertProfileSet.model_validate(fields | changes)


def engaged(rooms: int, expert_id: UUID = ANNA) -> ExpertEngaged:
    return ExpertEngaged(expert_id=expert_id, question_id=QUESTION, open_rooms=rooms)


def released(rooms: int, expert_id: UUID = ANNA) -> ExpertReleased:
    return ExpertReleased(expert_id=expert_id, question_id=QUESTION, open_rooms=rooms)


def test_a_profile_becomes_an_expert_and_a_text_with_the_strongest_specialty_first() -> None:
    changes = fold({}, [profile()], "encoder-1")

    assert changes.passages == {ANNA: "파이썬, SQL 튜닝\n느린 쿼리를 봐요."}
    anna = changes.experts[ANNA]
    assert anna.terms == ("sql", "튜닝", "파이썬")
    assert (anna.encoder, anna.open_rooms, anna.at_capacity) == ("encoder-1", 0, False)


def test_taking_rooms_fills_an_expert_and_leaving_them_frees_again() -> None:
    full = fold({}, [profile(), engaged(1), engaged(2)], "e").experts[ANNA]
    free = fold({ANNA: full}, [released(1)], "e")

    assert full.at_capacity
    assert not free.experts[ANNA].at_capacity
    assert not free.passages


def test_a_new_profile_keeps_the_open_rooms() -> None:
    before = fold({}, [profile(), engaged(2)], "e").experts

    after = fold(before, [profile(capacity=5)], "e").experts[ANNA]

    assert (after.open_rooms, after.at_capacity) == (2, False)


def test_only_the_last_profile_of_a_batch_is_encoded() -> None:
    changes = fold({}, [profile(bio="처음"), profile(BEN), profile(bio="나중")], "e")

    assert changes.passages[ANNA].endswith("나중")
    assert set(changes.passages) == {ANNA, BEN}


def test_an_expert_without_a_profile_and_events_of_others_change_nothing() -> None:
    account = AccountRegistered(user_id=ANNA, role="expert", display_name="안나")

    changes = fold({}, [engaged(1), account], "e")

    assert not changes.experts
    assert not changes.passages
