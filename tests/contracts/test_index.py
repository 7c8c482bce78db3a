"""What every index of experts promises. The server's client runs here in its local mode: no server can be."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from qdrant_client import QdrantClient

from matcher.encoders.contract import Vectors
from matcher.index.contract import ExpertIndex, Expertise, IndexedExpert, Wanted
from matcher.index.edge import EdgeIndex
from matcher.index.layout import Layout, copy_points
from matcher.index.server import ServerIndex
from matcher.index.shard import DirectoryInUse, NotAnew

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")

DIM = 8


def make_edge(tmp_path: Path) -> ExpertIndex:
    return EdgeIndex(tmp_path, "Test/Encoder 1", DIM)


def make_server(tmp_path: Path) -> ExpertIndex:
    return ServerIndex(QdrantClient(":memory:"), "Test/Encoder 1", DIM)


@pytest.fixture(params=[make_edge, make_server], ids=["edge", "server-client-local"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ExpertIndex]:
    make: Callable[[Path], ExpertIndex] = request.param
    made = make(tmp_path)
    assert not made.exists()
    made.open()
    yield made
    made.close()


def expert(number: int, **changes: object) -> IndexedExpert:
    one = IndexedExpert(
        expert_id=UUID(int=number),
        display_name=f"전문가 {number}",
        expertise=(Expertise("파이썬", 5, ("파이썬",)), Expertise("부동산 계약", 3, ("계약", "부동산"))),
        languages=("ko", "en"),
        available=True,
        capacity=3,
        open_rooms=0,
        demo=False,
        encoder="test",
    )
    return replace(one, **changes)  # type: ignore[arg-type]


def axis(*numbers: int) -> Vectors:
    """Unit vectors along the given axes."""
    return np.eye(DIM, dtype=np.float32)[list(numbers)]


def ids(hits: list) -> list[int]:  # type: ignore[type-arg]
    return [hit.expert.expert_id.int for hit in hits]


def test_what_was_put_is_found_whole_and_most_similar_first(index: ExpertIndex) -> None:
    experts = [expert(1), expert(2, demo=True, open_rooms=2), expert(3, languages=())]
    vectors = np.array([[1, 0] + [0] * 6, [0.6, 0.8] + [0] * 6, [0, 1] + [0] * 6], dtype=np.float32)
    index.put(experts, vectors)

    [hits] = index.search(axis(0), [Wanted(limit=10)])

    assert [hit.expert for hit in hits] == experts
    assert [hit.similarity for hit in hits] == pytest.approx([1.0, 0.6, 0.0], abs=1e-6)
    assert index.count() == 3


def test_several_questions_are_searched_each_with_its_own_wishes(index: ExpertIndex) -> None:
    index.put([expert(1), expert(2)], axis(0, 1))

    first, second = index.search(
        axis(0, 0), [Wanted(limit=1), Wanted(limit=2, excluded=frozenset({UUID(int=1)}))]
    )

    assert (ids(first), ids(second)) == ([1], [2])


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"available": False}, Wanted(limit=9)),
        ({"open_rooms": 3}, Wanted(limit=9)),
        ({"demo": True}, Wanted(limit=9, demo=False)),
        ({}, Wanted(limit=9, excluded=frozenset({UUID(int=1)}))),
        (
            {"expertise": (Expertise("요리", 4, ("요리",)),)},
            Wanted(limit=9, any_term=frozenset({"계약", "세금"})),
        ),
    ],
    ids=["not available", "at capacity", "demo", "excluded", "no such term"],
)
def test_a_search_leaves_out_whom_it_does_not_want(
    index: ExpertIndex, changes: dict[str, object], wanted: Wanted
) -> None:
    index.put([expert(1, **changes), expert(2)], axis(0, 1))

    [hits] = index.search(axis(0), [wanted])

    assert ids(hits) == [2]


def test_a_search_for_anyone_finds_the_busy_and_the_away(index: ExpertIndex) -> None:
    index.put([expert(1, available=False), expert(2, open_rooms=3)], axis(0, 1))

    [hits] = index.search(axis(0), [Wanted(limit=9, free=False)])

    assert ids(hits) == [1, 2]


def test_putting_an_expert_again_replaces_them(index: ExpertIndex) -> None:
    index.put([expert(1)], axis(0))
    index.put([expert(1, display_name="새 이름")], axis(1))

    [hits] = index.search(axis(1), [Wanted(limit=9)])

    assert hits[0].expert.display_name == "새 이름"
    assert hits[0].similarity == pytest.approx(1.0, abs=1e-6)
    assert index.count() == 1


def test_a_change_keeps_the_vector_and_is_filtered_by(index: ExpertIndex) -> None:
    index.put([expert(1), expert(2)], axis(0, 1))
    index.change([expert(1, open_rooms=3)])

    [free] = index.search(axis(0), [Wanted(limit=9)])
    [anyone] = index.search(axis(0), [Wanted(limit=1, free=False)])

    assert ids(free) == [2]
    assert anyone[0].expert == expert(1, open_rooms=3)
    assert anyone[0].similarity == pytest.approx(1.0, abs=1e-6)


def test_get_returns_those_who_are_there(index: ExpertIndex) -> None:
    index.put([expert(1)], axis(0))

    assert index.get([UUID(int=1), UUID(int=2)]) == {UUID(int=1): expert(1)}


def test_everyone_is_given_once(index: ExpertIndex) -> None:
    index.put([expert(1), expert(2), expert(3)], np.eye(3, DIM, dtype=np.float32))

    given = [one for page in index.everyone() for one in page]

    assert sorted(given, key=lambda one: one.expert_id.int) == [expert(1), expert(2), expert(3)]


def test_nothing_put_changed_or_asked_for_is_no_error(index: ExpertIndex) -> None:
    index.put([], axis())
    index.change([])

    assert index.get([]) == {}
    assert index.search(axis(), []) == []
    assert index.search(axis(0), [Wanted(limit=5)]) == [[]]


def test_an_index_that_was_opened_exists(index: ExpertIndex) -> None:
    assert index.exists()


def test_the_name_tells_encoders_apart(tmp_path: Path) -> None:
    first, second = EdgeIndex(tmp_path, "encoder-a", DIM), EdgeIndex(tmp_path, "encoder-b", DIM)

    assert first.name != second.name


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.contracts.test_index import axis, expert, make_edge
index = make_edge(Path(sys.argv[1]))
index.open()
index.put([expert(1), expert(2)], axis(0, 1))
index.change([expert(2, open_rooms=3)])
index.put([expert(3)], axis(2))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_embedded_what_a_call_returned_from_survives_kill_9(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=root, check=False, timeout=60)
    assert killed.returncode == -9

    index = make_edge(tmp_path)
    assert index.exists()
    index.open()

    [hits] = index.search(axis(1), [Wanted(limit=9, free=False)])
    assert ids(hits)[0] == 2
    assert sorted(ids(hits)) == [1, 2, 3]
    assert hits[0].expert.at_capacity
    index.put([expert(1, display_name="다시")], axis(4))
    assert index.get([UUID(int=1)])[UUID(int=1)].display_name == "다시"
    index.close()


def test_embedded_a_half_made_index_is_made_anew(tmp_path: Path) -> None:
    index = make_edge(tmp_path)
    index.open()
    index.close()
    (tmp_path / index.name / "made").unlink()

    again = make_edge(tmp_path)
    assert not again.exists()
    again.open()
    again.put([expert(1)], axis(0))

    assert again.count() == 1
    again.close()


def test_embedded_a_directory_has_one_opener(tmp_path: Path) -> None:
    first = make_edge(tmp_path)
    first.open()

    with pytest.raises(DirectoryInUse):
        make_edge(tmp_path).open()

    first.close()
    second = make_edge(tmp_path)
    second.open()
    second.close()


def _in_files(directory: Path, words: str) -> list[Path]:
    return [one for one in directory.rglob("*") if one.is_file() and words.encode() in one.read_bytes()]


def test_embedded_written_anew_no_byte_of_who_was_forgotten_is_left(tmp_path: Path) -> None:
    # given an index with somebody's words, who is replaced by somebody without a name
    words, index = "자수정#7q", make_edge(tmp_path)
    index.open()
    index.put([expert(1), expert(2, display_name=words), expert(3)], axis(0, 1, 2))
    assert not index.stale
    index.put([expert(2, display_name="", expertise=(), available=False)], axis(7))
    assert index.stale
    assert _in_files(tmp_path, words), "the engine wipes it by itself: nothing of this is needed"

    # when it is written anew, while others are written
    index.write_anew()
    index.change([expert(3, open_rooms=1)])

    # then nothing of theirs is in any file, and all others are found as before, also by the next who opens it
    for _ in range(2):
        assert not index.stale
        assert _in_files(tmp_path, words) == []
        assert index.get([UUID(int=3)])[UUID(int=3)] == expert(3, open_rooms=1)
        [hits] = index.search(axis(0), [Wanted(limit=9)])
        assert ids(hits) == [1, 3]
        index.close()
        index = make_edge(tmp_path)
        index.open()
    index.close()


def test_embedded_what_is_written_while_it_is_written_anew_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = make_edge(tmp_path)
    index.open()
    index.put([expert(1), expert(2)], axis(0, 1))

    def copying(layout: Layout, old: Path, new: Path) -> None:
        copy_points(layout, old, new)
        index.change([expert(1, open_rooms=2)])
        index.put([expert(2, display_name="다른 이름"), expert(3)], axis(1, 2))

    monkeypatch.setattr(Layout, "write_anew", copying)
    index.write_anew()

    kept = index.get([UUID(int=n) for n in (1, 2, 3)])
    assert [kept[UUID(int=n)].open_rooms for n in (1, 2, 3)] == [2, 0, 0]
    assert kept[UUID(int=2)].display_name == "다른 이름"
    index.close()


def test_embedded_if_it_cannot_be_written_anew_it_is_as_it_was_and_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = make_edge(tmp_path)
    index.open()
    index.put([expert(1), expert(2, display_name="")], axis(0, 1))

    def failing(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(Layout, "write_anew", failing)
    with pytest.raises(NotAnew, match="no space left"):
        index.write_anew()

    assert index.stale
    index.put([expert(3)], axis(2))
    assert set(index.get([UUID(int=n) for n in (1, 2, 3)])) == {UUID(int=n) for n in (1, 2, 3)}
    index.close()
