"""What the archive may hold follows from the consent of those who spoke, and from nothing else."""

from uuid import UUID

from matcher.passages import passages_of, shared_of
from schemas.base import EventData
from schemas.events.question import (
    OfferAccepted,
    QuestionAsked,
    QuestionReopened,
    QuestionResolved,
    QuestionShared,
)
from schemas.events.room import MessagePosted, MessageRedacted
from schemas.samples import SAMPLES

ASKER, EXPERT, OTHER, GUEST = (UUID(int=n) for n in (1, 2, 3, 4))
QUESTION, ROOM = UUID(int=10), UUID(int=11)
IDS = {"question_id": QUESTION, "asker_id": ASKER}
ASKED = QuestionAsked(**IDS, content="김치가 시어요", urgency="low")
OFFERED_AT = next(one.offered_at for one in SAMPLES if isinstance(one, OfferAccepted))


def accepted(expert: UUID) -> OfferAccepted:
    return OfferAccepted(**IDS, expert_id=expert, room_id=ROOM, first=True, offered_at=OFFERED_AT)


def shares(user: UUID, shared: bool = True) -> QuestionShared:
    return QuestionShared(**IDS, user_id=user, shared=shared)


def says(seq: int, sender: UUID, content: str, **more: object) -> MessagePosted:
    return MessagePosted.model_validate(
        {
            "room_id": ROOM,
            "question_id": QUESTION,
            "seq": seq,
            "message_id": UUID(int=100 + seq),
            "sender_id": sender,
            "sender_name": "이름",
            "content": content,
            **more,
        }
    )


RESOLVED: list[EventData] = [ASKED, accepted(EXPERT), accepted(OTHER), QuestionResolved(**IDS)]
ROOM_EVENTS: list[EventData] = [
    says(1, ASKER, "한 달 됐어요"),
    says(2, EXPERT, "찌개로 끓이세요"),
    says(3, OTHER, "설탕을 넣으세요"),
    says(4, GUEST, "저도 궁금해요"),
]


def texts(question: list[EventData], room: list[EventData] = ROOM_EVENTS, *erased: UUID) -> dict[UUID, str]:
    shared = shared_of(question)
    assert shared is not None
    return {one.author_id: one.text for one in passages_of(shared, room, erased)}


def test_nothing_is_held_without_the_asker_whatever_the_experts_say() -> None:
    assert texts([*RESOLVED, shares(EXPERT), shares(OTHER)]) == {}


def test_nothing_is_held_of_a_conversation_that_goes_on() -> None:
    unresolved = [one for one in RESOLVED if not isinstance(one, QuestionResolved)]

    assert texts([*unresolved, shares(ASKER)]) == {}
    assert texts([*RESOLVED, shares(ASKER), QuestionReopened(**IDS)]) == {}


def test_the_words_of_those_who_share_are_held_and_of_nobody_else() -> None:
    assert texts([*RESOLVED, shares(ASKER), shares(EXPERT), shares(GUEST)]) == {
        ASKER: "김치가 시어요\n한 달 됐어요",
        EXPERT: "찌개로 끓이세요",
    }


def test_consent_can_be_taken_back() -> None:
    both = [*RESOLVED, shares(ASKER), shares(EXPERT)]

    assert EXPERT not in texts([*both, shares(EXPERT, False)])
    assert texts([*both, shares(ASKER, False)]) == {}


def test_what_was_taken_back_or_is_a_file_is_not_held() -> None:
    room = [
        says(1, ASKER, "file://x", message_type="file"),
        says(2, ASKER, "잘못 썼어요"),
        MessageRedacted(
            room_id=ROOM,
            question_id=QUESTION,
            seq=3,
            message_id=UUID(int=102),
            redacted_seq=2,
            user_id=ASKER,
        ),
    ]

    assert texts([*RESOLVED, shares(ASKER)], room) == {ASKER: "김치가 시어요"}


def test_whoever_is_erased_is_not_held_and_an_asker_takes_all_along() -> None:
    both = [*RESOLVED, shares(ASKER), shares(EXPERT)]

    assert set(texts(both, ROOM_EVENTS, EXPERT)) == {ASKER}
    assert texts(both, ROOM_EVENTS, ASKER) == {}
