"""The writer against a real PostgreSQL: once and in order, whatever comes together or goes wrong."""

import asyncio
from collections import Counter, defaultdict
from uuid import UUID

import psycopg
import pytest

from commands import group_commit
from commands.application import Commands
from commands.refusals import Conflict
from commands.turn import SNAPSHOT_EVERY
from infra import postgres
from infra.ids import new_id
from infra.log import EventLog
from infra.settings import Settings
from schemas.commands.account import ChangeProfile
from schemas.commands.question import AcceptOffer, AskQuestion, ReopenQuestion, ResolveQuestion
from schemas.commands.room import InviteToRoom, LeaveRoom, MarkRead, PostMessage, RedactMessage
from schemas.envelope import Event
from schemas.ids import SYSTEM
from schemas.port import Refused
from tests.commands.deciding import offer
from tests.commands.writing import Writer, assert_gapless, message, registration, rows


async def log_of(url: str) -> list[Event]:
    async with postgres.pool(url, "test") as pool:
        return await EventLog(pool).read(0, 100_000)


async def test_an_outcome_says_where_its_last_event_stands(writer: Writer, store: str) -> None:
    room = await writer.room(await writer.expert())
    outcome = await writer.say(room, "안녕")
    event = (await log_of(store))[-1]
    assert (outcome.position, outcome.topic, outcome.partition) == (
        event.position,
        event.topic,
        event.partition,
    )
    assert outcome.result["seq"] == event.version - 1
    assert (await writer.do(room.asker, MarkRead(room_id=room.id, up_to_seq=0))).position > outcome.position
    assert (await writer.do(room.asker, MarkRead(room_id=room.id, up_to_seq=0))).position == 0


async def test_a_repeated_command_gets_the_first_answer_and_adds_no_event(writer: Writer, store: str) -> None:
    room = await writer.room(await writer.expert())
    command, command_id = message(room, "한 번만"), new_id()
    first = await writer.do(room.asker, command, command_id)
    head = assert_gapless(store)

    other_content = command.model_copy(update={"content": "다른 말"})
    again = [await writer.do(room.asker, other_content, command_id) for _ in range(2)]
    together = await asyncio.gather(*(writer.do(room.asker, command, command_id) for _ in range(5)))

    assert [*again, *together] == [first] * 7
    assert assert_gapless(store) == head


async def test_the_same_id_from_two_people_is_two_commands(writer: Writer) -> None:
    expert = await writer.expert()
    room = await writer.room(expert)
    command_id = new_id()
    first = await writer.do(room.asker, message(room), command_id)
    second = await writer.do(expert, message(room), command_id)
    assert (first.result["seq"], second.result["seq"]) == (1, 2)


async def test_one_turn_holds_the_same_command_once(writer: Writer, store: str) -> None:
    room = await writer.room(await writer.expert())
    command, command_id = message(room), new_id()
    outcomes = await asyncio.gather(*(writer.do(room.asker, command, command_id) for _ in range(50)))
    assert len({outcome.position for outcome in outcomes}) == 1
    assert assert_gapless(store) == outcomes[0].position


async def test_a_refusal_is_stored_like_an_answer(writer: Writer, store: str) -> None:
    room, stranger, command_id = await writer.room(await writer.expert()), await writer.person(), new_id()
    with pytest.raises(Refused) as first:
        await writer.do(stranger, MarkRead(room_id=room.id, up_to_seq=0), command_id)
    await writer.do(room.asker, InviteToRoom(room_id=room.id, user_id=stranger))
    with pytest.raises(Refused) as second:
        await writer.do(stranger, MarkRead(room_id=room.id, up_to_seq=0), command_id)
    assert first.value.code == second.value.code == "forbidden"
    assert first.value.message == second.value.message


async def test_a_refused_message_may_be_sent_again_under_its_own_id(writer: Writer, store: str) -> None:
    """A client keeps the id of a message until it is acknowledged, and tries again when the room is open again."""
    room, said, command_id = await writer.room(await writer.expert()), new_id(), new_id()
    words = PostMessage(room_id=room.id, message_id=said, content="다시 보내기")
    await writer.do(room.asker, ResolveQuestion(question_id=room.question_id))
    with pytest.raises(Refused) as refused:
        await writer.do(room.asker, words, command_id)
    await writer.do(room.asker, ReopenQuestion(question_id=room.question_id))

    outcome = await writer.do(room.asker, words, command_id)

    assert refused.value.code == "room_closed"
    assert (await writer.do(room.asker, words, command_id)) == outcome


async def test_a_command_id_is_not_used_for_two_kinds_of_command(writer: Writer) -> None:
    room, command_id = await writer.room(await writer.expert()), new_id()
    await writer.say(room, command_id=command_id)
    with pytest.raises(Refused) as refused:
        await writer.do(room.asker, LeaveRoom(room_id=room.id), command_id)
    assert refused.value.code == "conflict"
    twice = await asyncio.gather(
        writer.do(room.asker, message(room), same := new_id()),
        writer.do(room.asker, MarkRead(room_id=room.id, up_to_seq=0), same),
        return_exceptions=True,
    )
    assert isinstance(twice[1], Conflict)
    assert not isinstance(twice[0], BaseException)


async def test_a_refused_command_leaves_the_others_of_its_turn_alone(writer: Writer, store: str) -> None:
    room, stranger = await writer.room(await writer.expert()), await writer.person()
    senders = [room.asker if i % 3 else stranger for i in range(60)]
    answers = await asyncio.gather(
        *(writer.do(sender, message(room)) for sender in senders), return_exceptions=True
    )
    seqs = []
    for sender, answer in zip(senders, answers, strict=True):
        if sender == stranger:
            assert isinstance(answer, Refused)
        else:
            assert not isinstance(answer, BaseException)
            seqs.append(answer.result["seq"])
    assert seqs == list(range(1, 41))
    assert_gapless(store)


async def test_a_name_taken_in_the_same_turn_is_refused_alone(writer: Writer, store: str) -> None:
    ids = [new_id() for _ in range(4)]
    answers = await asyncio.gather(
        *(writer.do(i, registration(i, username="jimin", email=f"{i.hex}@example.org")) for i in ids),
        writer.do(other := new_id(), registration(other)),
        return_exceptions=True,
    )
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert [one.field for one in refused] == ["username"] * 3
    assert not isinstance(answers[-1], BaseException)
    assert rows(store, "SELECT count(*) FROM store.credentials") == [(2,)]
    with pytest.raises(Refused) as taken:
        await writer.do(other, ChangeProfile(email=f"{ids[0].hex}@example.org"))
    assert taken.value.field == "email"


async def test_a_command_the_database_chokes_on_fails_alone(writer: Writer, store: str) -> None:
    """PostgreSQL holds no NUL in a text, and a pattern for e-mails that forgets it must not break a batch."""
    bad_id, good_id = new_id(), new_id()
    bad = registration(bad_id).model_copy(update={"email": "nul\x00@example.org"})
    room = await writer.room(await writer.expert())
    answers = await asyncio.gather(
        writer.do(bad_id, bad),
        *(writer.do(room.asker, message(room)) for _ in range(5)),
        writer.do(good_id, registration(good_id)),
        return_exceptions=True,
    )
    assert isinstance(answers[0], Exception)
    assert not [one for one in answers[1:] if isinstance(one, BaseException)]
    assert_gapless(store)


async def test_capacity_and_acceptances_hold_when_everyone_accepts_at_once(
    writer: Writer, store: str
) -> None:
    experts = [await writer.expert(capacity=1) for _ in range(5)]
    questions = [new_id() for _ in range(4)]
    asker = await writer.person()
    for question_id in questions:
        await writer.do(asker, AskQuestion(question_id=question_id, content="누가 먼저?"))
        await writer.do(SYSTEM, offer(question_id, *experts))
    answers = await asyncio.gather(
        *(writer.do(e, AcceptOffer(question_id=q)) for q in questions for e in experts),
        return_exceptions=True,
    )
    assert {a.code for a in answers if isinstance(a, Refused)} <= {"capacity", "offer_closed"}
    log = await log_of(store)
    accepted = [event for event in log if event.type == "yeon.question.offer_accepted.v1"]
    by_question = Counter(event.stream_id for event in accepted)
    by_expert = Counter(event.meta.actor_id for event in accepted)
    assert max(by_question.values()) <= 3
    assert set(by_expert.values()) == {1}
    assert len(accepted) == 5
    assert_gapless(store)


async def test_inbox_numbers_are_dense_for_everyone(writer: Writer, store: str) -> None:
    experts = [await writer.expert() for _ in range(4)]
    asker = await writer.person()
    await asyncio.gather(*(writer.room(*experts[:3], asker=asker) for _ in range(5)))
    numbers: dict[UUID, list[int]] = defaultdict(list)
    for event in await log_of(store):
        for told in getattr(event.data, "told", ()):
            numbers[told.user_id].append(told.inbox_seq)
    assert len(numbers) >= 4
    for got in numbers.values():
        assert got == list(range(1, len(got) + 1))
    heads = dict(rows(store, "SELECT user_id, inbox_seq FROM store.inbox_heads"))
    assert heads == {user: len(got) for user, got in numbers.items()}


async def test_two_writers_are_one(store: str) -> None:
    """Two processes' worth of writers on one room: each sees what the other did, and `seq` stays dense."""
    one, two = (Writer(Commands(Settings(postgres_url=store))) for _ in range(2))
    await one.commands.start()
    await two.commands.start()
    try:
        room = await one.room(await one.expert())
        outcomes = await asyncio.gather(
            *((one, two)[i % 2].do(room.asker, message(room)) for i in range(400))
        )
        late = await two.say(room)
        assert (await one.say(room)).result["seq"] == late.result["seq"] + 1
    finally:
        await one.commands.stop()
        await two.commands.stop()
    assert sorted(outcome.result["seq"] for outcome in outcomes) == list(range(1, 401))
    assert_gapless(store)


async def test_a_room_is_loaded_from_its_last_snapshot(writer: Writer, store: str) -> None:
    room = await writer.room(await writer.expert())
    for _ in range(3):
        await asyncio.gather(*(writer.say(room, "스냅숏 비밀") for _ in range(SNAPSHOT_EVERY)))
    kept = rows(
        store, "SELECT originator_version, state FROM store.snapshots WHERE originator_id = %s", room.id
    )
    ((version, state),) = kept
    assert version >= 3 * SNAPSHOT_EVERY - group_commit.MOST
    assert "지민".encode() not in bytes(state)
    with psycopg.connect(store) as connection:
        connection.execute(
            "UPDATE store.stored_events SET state = 'broken' WHERE originator_id = %s"
            " AND originator_version < %s",
            (room.id, version),
        )
    fresh = Writer(Commands(Settings(postgres_url=store)))
    await fresh.commands.start()
    try:
        assert (await fresh.say(room)).result["seq"] == 3 * SNAPSHOT_EVERY + 1
        assert (await fresh.say(room)).result["senderName"] == "지민"
    finally:
        await fresh.commands.stop()


async def test_taking_back_a_message_of_the_same_turn(writer: Writer) -> None:
    room = await writer.room(await writer.expert())
    answers = await asyncio.gather(
        writer.say(room), writer.do(room.asker, RedactMessage(room_id=room.id, seq=1))
    )
    assert [answer.result.get("seq") or answer.result["redactedSeq"] for answer in answers] == [1, 1]


async def test_the_store_holds_no_persons_words_in_the_clear(writer: Writer, store: str) -> None:
    room = await writer.room(await writer.expert())
    for _ in range(SNAPSHOT_EVERY):
        await writer.say(room, "아무도 모르는 말")
    held = b"".join(
        bytes(value)
        for query in (
            "SELECT state FROM store.stored_events",
            "SELECT state FROM store.snapshots",
            "SELECT answer FROM store.command_outcomes",
        )
        for (value,) in rows(store, query)
    )
    for words in ("아무도 모르는 말", "비밀스러운 질문이에요", "지민", "서연", "카프카", "스트림을 다뤄요"):
        assert words.encode() not in held
    assert [e.data.content for e in await log_of(store) if e.type == "yeon.room.message_posted.v1"] == [  # type: ignore[attr-defined]
        "아무도 모르는 말"
    ] * SNAPSHOT_EVERY


async def test_each_person_has_one_key(writer: Writer, store: str) -> None:
    room = await writer.room(await writer.expert())
    await asyncio.gather(*(writer.say(room) for _ in range(20)))
    people = rows(store, "SELECT count(*) FROM store.credentials")
    assert rows(store, "SELECT count(*) FROM store.person_keys") == people
