"""The demo people are people the domain takes."""

from infra.demo.people import ASKERS, BOTH, BOTS, DEMO_PASSWORD, EXPERTS, PEOPLE, SIGN_IN_AS
from schemas.commands.account import RegisterAccount
from schemas.commands.expert import SetExpertProfile, SpecialtyGiven


def test_everyone_can_be_registered_and_every_expert_has_a_profile() -> None:
    for person in PEOPLE:
        RegisterAccount(
            user_id=person.user_id,
            username=person.username,
            email=person.email,
            password_hash="x",
            role=person.role,
            display_name=person.display_name,
            demo=True,
        )
    for person in EXPERTS:
        SetExpertProfile(
            specialties=tuple(SpecialtyGiven(name=s.name, level=s.level) for s in person.skills),
            experience_years=person.experience_years,
            bio=person.bio,
            capacity=person.capacity,
        )


def test_nobody_is_there_twice() -> None:
    for values in (
        [p.username for p in PEOPLE],
        [p.user_id for p in PEOPLE],
        [p.email for p in PEOPLE],
        [p.display_name for p in PEOPLE],
    ):
        assert len(set(values)) == len(PEOPLE)


def test_there_are_enough_of_each_kind() -> None:
    assert len(EXPERTS) >= 60
    assert len(ASKERS) == 3
    assert len(BOTS) == 8
    assert BOTH.role == "both"
    assert len(DEMO_PASSWORD) >= 8


def test_a_human_signs_in_as_people_who_are_no_bots() -> None:
    by_name = {person.username: person for person in PEOPLE}

    assert [by_name[name].role for name in SIGN_IN_AS] == ["questioner", "questioner", "expert"]
    assert not any(by_name[name].bot for name in SIGN_IN_AS)
