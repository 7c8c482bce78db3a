"""Given one event, then these rows and these frames: the projectors, each on its own."""

from decimal import Decimal
from typing import Any

import pytest

from projections import expert_figures, experts, people, questions
from projections.rows import Add, Update, Upsert
from schemas.envelope import Event
from schemas.events.account import AccountProfileChanged
from schemas.events.expert import ExpertEngaged, ExpertProfileSet
from schemas.ids import expert_stream
from tests.projections.history import MODEL, REASON, Conversation, History, id_of

FIRST, SECOND = id_of("첫째"), id_of("둘째")


def test_a_person_is_known_by_name_and_role() -> None:
    history = History()
    user = history.person("가람")
    changed = history.add(user, AccountProfileChanged(user_id=user, role="expert", display_name="나래"))

    assert people.project(history.events[0]).ops == [
        Upsert(
            "people",
            (user,),
            {
                "display_name": "가람",
                "role": "questioner",
                "demo": False,
                "created_at": history.events[0].meta.at,
            },
        )
    ]
    assert people.project(changed).ops == [
        Upsert("people", (user,), {"display_name": "나래", "role": "expert"})
    ]


def test_an_expert_that_takes_a_question_keeps_the_profile() -> None:
    history = History()
    user = history.expert("가람")
    profile = history.events[-1]
    assert isinstance(profile.data, ExpertProfileSet)
    engaged = history.add(
        expert_stream(user), ExpertEngaged(expert_id=user, question_id=id_of("q"), open_rooms=2)
    )

    (row,) = experts.project(profile).ops
    assert isinstance(row, Upsert)
    assert row.values["specialties"] == [{"name": "파이썬", "level": 4}]
    assert row.values["profile_at"] == profile.meta.at
    assert "open_rooms" not in row.values
    assert experts.project(engaged).ops == [Upsert("experts", (user,), {"open_rooms": 2})]


@pytest.mark.parametrize(
    ("happens", "sums"),
    [
        (lambda one: one.matched([FIRST]), {"offered": 1, "open_offers": 1}),
        (lambda one: one.offered(FIRST), {"offered": 1, "open_offers": 1}),
        (
            lambda one: one.accepted(FIRST),
            {"accepted": 1, "open_offers": -1, "response_seconds_sum": Decimal("1.500000")},
        ),
        (
            lambda one: one.declined(FIRST),
            {"declined": 1, "open_offers": -1, "response_seconds_sum": Decimal("4.000000")},
        ),
        (lambda one: one.expired(FIRST), {"expired": 1, "open_offers": -1}),
        (lambda one: one.withdrawn(FIRST), {"open_offers": -1}),
        (lambda one: one.rated(FIRST, 4), {"rating_sum": 4, "rating_count": 1}),
        (lambda one: one.rated(FIRST, 4, previous=1), {"rating_sum": 3, "rating_count": 0}),
    ],
)
def test_an_experts_figures_are_sums(one: Conversation, happens: Any, sums: dict[str, Any]) -> None:
    event: Event = happens(one)

    (row,) = expert_figures.project(event).ops

    assert isinstance(row, Add)
    assert (row.table, row.key, row.sums) == ("expert_figures", (FIRST,), sums)
    answered = "accepted" in sums or "declined" in sums
    assert row.greatest == ({"last_active_at": event.meta.at} if answered else {})


@pytest.mark.parametrize(
    ("happens", "status"),
    [
        (lambda one: one.asked(), "pending"),
        (lambda one: one.matched([FIRST]), "matched"),
        (lambda one: one.offered(FIRST), None),
        (lambda one: one.declined(FIRST), None),
        (lambda one: one.accepted(FIRST), "in_progress"),
        (lambda one: one.round_requested(2), "pending"),
        (lambda one: one.round_requested(2, in_progress=True), None),
        (lambda one: one.matched([FIRST], round_number=2, in_progress=True), None),
        (lambda one: one.unmatched(), "unmatched"),
        (lambda one: one.resolved(), "resolved"),
        (lambda one: one.reopened(), "in_progress"),
        (lambda one: one.cancelled(), "cancelled"),
    ],
)
def test_a_question_moves(one: Conversation, happens: Any, status: str | None) -> None:
    event: Event = happens(one)

    row = questions.project(event).ops[0]

    assert isinstance(row, Upsert | Update)
    assert (row.table, row.key) == ("questions", (one.id,))
    assert row.values.get("status") == status
    assert (row.values["version"], row.values["updated_at"]) == (1, event.meta.at)


def test_a_match_keeps_the_model_the_ranking_and_the_offers(one: Conversation) -> None:
    event = one.matched([FIRST, SECOND])

    question, *others = questions.project(event).ops

    assert isinstance(question, Update)
    assert question.values["model"] == MODEL.model_dump()
    assert [(row.table, row.key[1]) for row in others] == [
        ("candidates", FIRST),
        ("candidates", SECOND),
        ("offers", FIRST),
        ("offers", SECOND),
    ]
    ranked, offered = others[1], others[3]
    assert isinstance(ranked, Upsert)
    assert isinstance(offered, Upsert)
    assert ranked.values["rank"] == 2
    assert ranked.values["reasons"] == [REASON.model_dump(by_alias=True)]
    assert (offered.values["state"], offered.values["closed_at"]) == ("open", None)


@pytest.mark.parametrize(
    ("happens", "state"),
    [
        (lambda one: one.accepted(FIRST), "accepted"),
        (lambda one: one.declined(FIRST), "declined"),
        (lambda one: one.expired(FIRST), "expired"),
        (lambda one: one.withdrawn(FIRST), "taken"),
        (lambda one: one.withdrawn(FIRST, reason="withdrawn"), "withdrawn"),
    ],
)
def test_an_offer_ends(one: Conversation, happens: Any, state: str) -> None:
    event: Event = happens(one)

    assert questions.project(event).ops[1] == Update(
        "offers", (one.id, FIRST), {"state": state, "closed_at": event.meta.at}
    )
