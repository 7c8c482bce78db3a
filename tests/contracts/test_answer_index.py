"""What every index of answered questions promises. The server's client runs here in its local mode."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from qdrant_client import QdrantClient

from matcher.encoders.contract import Vectors
from matcher.index.answers import Answered, AnswerIndex, Near, Sought
from matcher.index.answers_edge import EdgeAnswers
from matcher.index.answers_server import ServerAnswers
from matcher.lexical.sparse import Sparse, document, query

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")

DIM = 8
EYE: Vectors = np.eye(DIM, dtype=np.float32)


def make_edge(tmp_path: Path) -> AnswerIndex:
    return EdgeAnswers(tmp_path, "Test/Encoder 1", DIM)


def make_server(tmp_path: Path) -> AnswerIndex:
    return ServerAnswers(QdrantClient(":memory:"), "Test/Encoder 1", DIM)


@pytest.fixture(params=[make_edge, make_server], ids=["edge", "server-client-local"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AnswerIndex]:
    make: Callable[[Path], AnswerIndex] = request.param
    made = make(tmp_path)
    assert not made.exists()
    made.open()
    yield made
    made.close()


def answered(question: int, expert: int = 1, **changes: object) -> Answered:
    one = Answered(UUID(int=question), UUID(int=1000 + expert), at=1000.0 * question)
    return replace(one, **changes)  # type: ignore[arg-type]


def terms(text: str) -> Sparse:
    return document(dict.fromkeys(text.split(), 1))


def put(index: AnswerIndex, answers: Sequence[Answered], texts: Sequence[str] | None = None) -> None:
    """Answer n stands on axis n."""
    words = texts or [""] * len(answers)
    index.put(answers, EYE[[one.question_id.int % DIM for one in answers]], [terms(text) for text in words])


def found(nears: list[Near], *answers: Answered) -> list[int]:
    numbers = {one.answer_id: number for number, one in enumerate(answers)}
    return [numbers[near.answer_id] for near in nears]


def test_the_nearest_in_meaning_come_first(index: AnswerIndex) -> None:
    first, second = answered(1), answered(2)
    put(index, [first, second])
    vector = np.zeros(DIM, dtype=np.float32)
    vector[1], vector[2] = 0.6, 0.8

    [nears] = index.search([Sought(5, dense=vector)])

    assert found(nears, first, second) == [1, 0]
    assert [near.score for near in nears] == pytest.approx([0.8, 0.6], abs=1e-5)


def test_rare_words_weigh_more_and_without_a_word_in_common_nothing_is_found(index: AnswerIndex) -> None:
    answers = [answered(n) for n in range(1, 5)]
    put(index, answers, ["tax return", "tax law", "tax garden", "garden rose"])

    rare, common, none = index.search(
        [Sought(2, sparse=query(text.split())) for text in ("law tax", "tax", "kimchi")]
    )

    assert found(rare, *answers)[0] == 1
    assert rare[0].score > common[0].score > 0
    assert none == []


@pytest.mark.parametrize(
    ("changes", "sought"),
    [
        ({"free": False}, {}),
        ({"demo": True}, {"demo": False}),
        ({"expert_id": UUID(int=7)}, {"excluded": frozenset({UUID(int=7)})}),
        ({"expert_id": UUID(int=7)}, {"only": frozenset({UUID(int=1001)})}),
        ({"at": 1999.0}, {"since": 2000.0}),
    ],
    ids=["not free", "demo", "excluded", "not among", "too old"],
)
@pytest.mark.parametrize("half", ["dense", "sparse"])
def test_a_search_leaves_out_what_it_does_not_want(
    index: AnswerIndex, half: str, changes: dict[str, object], sought: dict[str, object]
) -> None:
    unwanted, wanted = answered(1, **changes), answered(2)
    put(index, [unwanted, wanted], ["tax law", "tax"])
    by: dict[str, object] = {"dense": EYE[1]} if half == "dense" else {"sparse": query(["tax", "law"])}

    [nears] = index.search([Sought(5, **by, **sought)])  # type: ignore[arg-type]

    assert found(nears, unwanted, wanted) == [1]


def test_whether_an_expert_is_free_is_said_of_all_their_answers(index: AnswerIndex) -> None:
    answers = [answered(1), answered(2), answered(3, expert=2)]
    put(index, answers)

    index.set_free(answers[0].expert_id, False)
    [free] = index.search([Sought(5, dense=EYE[1])])
    [anyone] = index.search([Sought(5, dense=EYE[1], free=False)])
    index.set_free(answers[0].expert_id, True)
    [again] = index.search([Sought(5, dense=EYE[1])])

    assert found(free, *answers) == [2]
    assert len(anyone) == len(again) == 3


def test_an_answer_put_again_is_replaced(index: AnswerIndex) -> None:
    put(index, [answered(1)], ["tax"])
    put(index, [answered(1, topics=("법률",))], ["tax"])

    assert index.count() == 1
    assert [one for page in index.pages() for one in page.answers] == [answered(1, topics=("법률",))]


def test_a_rating_changes_the_answer_it_is_of_and_no_other(index: AnswerIndex) -> None:
    answers = [answered(1), answered(1, expert=2)]
    put(index, answers)

    index.rate(answers[0].answer_id, 5)
    index.rate(answered(9).answer_id, 1)

    stars = {one.expert_id: one.stars for page in index.pages() for one in page.answers}
    assert stars == {answers[0].expert_id: 5, answers[1].expert_id: 0}


def test_a_question_is_forgotten_with_all_its_answers(index: AnswerIndex) -> None:
    put(index, [answered(1), answered(1, expert=2), answered(2)])

    index.remove_question(UUID(int=1))

    assert [one.question_id.int for page in index.pages() for one in page.answers] == [2]


def test_a_person_is_forgotten_with_what_they_answered_and_what_they_asked(index: AnswerIndex) -> None:
    person = answered(1).expert_id
    put(
        index,
        [answered(1), answered(2, expert=2, asker_id=person), answered(3, expert=2), answered(4, expert=3)],
    )

    index.remove_person(person)

    assert sorted(one.question_id.int for page in index.pages() for one in page.answers) == [3, 4]


def test_pages_give_everything_once_with_its_vector(index: AnswerIndex) -> None:
    answers = [replace(answered(n), question_id=UUID(int=n)) for n in range(1, 2_301)]
    put(index, answers)

    read = {
        one.answer_id: vector
        for page in index.pages()
        for one, vector in zip(page.answers, page.vectors, strict=True)
    }

    assert len(read) == index.count() == len(answers)
    assert all(np.allclose(read[one.answer_id], EYE[one.question_id.int % DIM]) for one in answers[:50])


def test_nothing_put_or_asked_for_is_no_error(index: AnswerIndex) -> None:
    index.put([], EYE[:0], [])
    index.remove_question(UUID(int=1))
    index.set_free(UUID(int=1), True)

    assert index.search([]) == []
    assert index.search([Sought(5, dense=EYE[0]), Sought(5, sparse=query(["tax"]))]) == [[], []]
    assert list(index.pages()) == []


def test_embedded_what_was_put_is_there_again_after_opening(tmp_path: Path) -> None:
    first = make_edge(tmp_path)
    first.open()
    put(first, [answered(1)], ["tax"])
    first.close()

    again = make_edge(tmp_path)
    assert again.exists()
    again.open()

    assert again.count() == 1
    [nears] = again.search([Sought(5, sparse=query(["tax"]))])
    assert len(nears) == 1
    again.close()


def test_embedded_an_index_of_an_older_form_is_thrown_away_when_the_new_one_is_made(tmp_path: Path) -> None:
    index = make_edge(tmp_path)
    older = tmp_path / f"{index.name[:-1]}0"
    older.mkdir()

    index.open()

    assert not older.exists()
    assert index.exists()
    index.close()


@pytest.mark.parametrize("make", [make_edge, make_server])
def test_what_was_forgotten_no_longer_counts_in_how_rare_a_word_is(
    make: Callable[[Path], AnswerIndex], tmp_path: Path
) -> None:
    texts = ["tax return", "tax law", "tax garden", "garden rose", "law court", "rose tax"]
    answers = [answered(n, expert=n) for n in range(1, 7)]
    forgot, never = make(tmp_path / "forgot"), make(tmp_path / "never")
    for one in (forgot, never):
        one.open()
    put(forgot, answers, texts)
    forgot.remove_question(answers[1].question_id)
    forgot.remove_person(answers[4].expert_id)
    kept = [0, 2, 3, 5]
    put(never, [answers[n] for n in kept], [texts[n] for n in kept])

    sought = [Sought(5, sparse=query(["tax", "law", "rose"]))]

    [left], [right] = forgot.search(sought), never.search(sought)
    assert len(left) == 4
    assert {near.answer_id: near.score for near in left} == {near.answer_id: near.score for near in right}
    for one in (forgot, never):
        one.close()
