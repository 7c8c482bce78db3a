"""Judges encoder and retrieval on Korean sentences: graded similarity (KorSTS) and paraphrases (paraKQC)."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from scipy.stats import spearmanr

from matcher.aggregation import fused
from matcher.encoders.contract import Encoder
from matcher.evaluation.embeddings import Embeddings
from matcher.evaluation.metrics import Values, interval
from matcher.evaluation.timeline import BadFile, text_lines
from matcher.index.answers import Answered, Near, Sought
from matcher.index.answers_edge import EdgeAnswers
from matcher.lexical.sparse import document, query
from matcher.lexical.terms import Terms

_LOOKED_AT = 50
_GROUP = 10
"""Paraphrases of one question in a paraKQC file."""

Done = Callable[[int, int], None]
"""Told how much is done, and how much there is."""


def evaluate_sts(
    path: Path, encoders: Sequence[Encoder], cache: Path, done: Done = lambda done, total: None
) -> dict[str, Any]:
    """Spearman's ρ of the encoder's cosines and the scores of `path`: tab-separated, with a header that names
    `score`, `sentence1` and `sentence2`. Raises `BadFile`."""
    lines = [line.rstrip("\r\n").split("\t") for line in text_lines(path) if line.strip()]
    names = ("score", "sentence1", "sentence2")
    if not lines or not set(names) <= set(lines[0]):
        raise BadFile(f"{path}, line 1: the header must name the columns {', '.join(names)}")
    at = [lines[0].index(name) for name in names]
    pairs: list[tuple[float, str, str]] = []
    for number, cells in enumerate(lines[1:], 2):
        try:
            pairs.append((float(cells[at[0]]), cells[at[1]], cells[at[2]]))
        except (ValueError, IndexError):
            raise BadFile(
                f"{path}, line {number}: score must be a number, with two sentences after it"
            ) from None
    if len(pairs) < 3:
        raise BadFile(f"{path}: there must be three pairs at least")
    texts = [text for _, *both in pairs for text in both]
    vectors = Embeddings(cache, encoders).queries(texts, _counting(done, texts))
    cosines = np.array([float(vectors[one] @ vectors[other]) for _, one, other in pairs])
    scores = np.array([score for score, _, _ in pairs])
    numbers = np.arange(len(pairs), dtype=np.float64)

    def rho(samples: Values) -> Values:
        rows = samples.astype(np.intp)
        return np.array([_rho(scores[row], cosines[row]) for row in rows])

    return {
        "pairs": len(pairs),
        "spearman": round(_rho(scores, cosines), 4),
        "interval": interval(numbers, rho),
        "encoder": encoders[0].identity,
    }


def evaluate_retrieval(
    path: Path, encoders: Sequence[Encoder], cache: Path, done: Done = lambda done, total: None
) -> dict[str, Any]:
    """P@1 and R@9 of finding the other nine of ten paraphrases, by the index of answered questions: fused, and each
    half alone. `path` has a tab-separated sentence in the third column of each line, ten lines a group."""
    sentences = []
    for number, line in enumerate(text_lines(path), 1):
        if line.strip():
            cells = line.rstrip("\r\n").split("\t")
            if len(cells) < 3:
                raise BadFile(
                    f"{path}, line {number}: there must be three columns, the sentence in the third"
                )
            sentences.append(cells[2])
    if not sentences or len(sentences) % _GROUP:
        raise BadFile(f"{path}: sentences must come in groups of {_GROUP}, and there are {len(sentences)}")
    vectors = Embeddings(cache, encoders).queries(sentences, _counting(done, sentences))
    with tempfile.TemporaryDirectory() as directory:
        encoder = encoders[0]
        index = EdgeAnswers(Path(directory), encoder.identity, encoder.dim, durable=False)
        index.open()
        try:
            found = _find(index, sentences, np.stack([vectors[text] for text in sentences]))
        finally:
            index.close()
    halves = {name: _figures(rankings) for name, rankings in found.items()}
    return {
        "sentences": len(sentences),
        **halves.pop("fused"),
        **halves,
        "encoder": encoders[0].identity,
    }


def _rho(scores: Values, cosines: Values) -> float:
    """Spearman's ρ; 0 where it is not defined, since one of the two never changes."""
    return float(spearmanr(scores, cosines).statistic) if np.ptp(scores) and np.ptp(cosines) else 0.0


def _find(index: EdgeAnswers, sentences: Sequence[str], vectors: Values) -> dict[str, list[list[int]]]:
    """By way of searching, the sentences found for each, best first, by number."""
    terms = Terms()
    cut = [terms.of(text) for text in sentences]
    answers = [Answered(UUID(int=n + 1), UUID(int=n + 1), 0.0) for n in range(len(sentences))]
    index.put(answers, vectors.astype(np.float32), [document(one) for one in cut])
    numbers = {answered.answer_id: n for n, answered in enumerate(answers)}
    rankings: dict[str, list[list[int]]] = {"fused": [], "dense": [], "lexical": []}
    for number, answered in enumerate(answers):
        itself = frozenset({answered.expert_id})
        dense, lexical = index.search(
            [
                Sought(_LOOKED_AT, dense=vectors[number].astype(np.float32), excluded=itself),
                Sought(_LOOKED_AT, sparse=query(cut[number]), excluded=itself),
            ]
        )
        rankings["dense"].append([numbers[near.answer_id] for near in dense])
        rankings["lexical"].append([numbers[near.answer_id] for near in lexical])
        rankings["fused"].append([numbers[answer_id] for answer_id in _fuse(dense, lexical)])
    return rankings


def _fuse(dense: Sequence[Near], lexical: Sequence[Near]) -> list[int]:
    cosines = {near.answer_id: near.score for near in dense}
    least = min(cosines.values(), default=0.0)
    words = {near.answer_id: near.score for near in lexical}
    ids = list({**cosines, **words})
    scores = fused(
        np.array([cosines.get(one, least) for one in ids]), np.array([words.get(one, 0.0) for one in ids])
    )
    return [ids[i] for i in np.argsort(-scores, kind="stable")]


def _figures(rankings: Sequence[Sequence[int]]) -> dict[str, Any]:
    first, recalled = [], []
    for number, ranking in enumerate(rankings):
        right = [other // _GROUP == number // _GROUP for other in ranking[: _GROUP - 1]]
        first.append(float(right[:1] == [True]))
        recalled.append(sum(right) / (_GROUP - 1))
    p1, r9 = np.array(first), np.array(recalled)
    return {
        "p1": round(float(p1.mean()), 4),
        "r9": round(float(r9.mean()), 4),
        "intervals": {
            "p1": interval(p1, lambda sample: sample.mean(axis=1)),
            "r9": interval(r9, lambda sample: sample.mean(axis=1)),
        },
    }


def _counting(done: Done, texts: Sequence[str]) -> Callable[[int], None]:
    total, so_far = len(set(texts)), 0

    def count(more: int) -> None:
        nonlocal so_far
        so_far += more
        done(so_far, total)

    return count
