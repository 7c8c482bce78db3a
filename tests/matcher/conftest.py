"""Experts and features to rank, made with as little as a test has to say."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest

from matcher.analysis import expertise_of
from matcher.index.contract import Hit, IndexedExpert
from matcher.ranking import Considered
from schemas.port import ExpertFeatures

Consider = Callable[..., Considered]


@pytest.fixture(scope="session")
def consider() -> Consider:
    return considered


def considered(
    number: int = 1,
    *,
    similarity: float = 0.5,
    specialties: dict[str, int] | None = None,
    online: bool = False,
    known: bool = True,
    **figures: object,
) -> Considered:
    """One expert; `figures` are fields of `ExpertFeatures`."""
    expert = IndexedExpert(
        expert_id=UUID(int=number),
        display_name=f"전문가 {number}",
        expertise=tuple(expertise_of(name, level) for name, level in (specialties or {}).items()),
        languages=("ko",),
        available=True,
        capacity=3,
        open_rooms=0,
        demo=False,
        encoder="test",
    )
    features = ExpertFeatures(UUID(int=number), 3, True, 0, 0, 0, 0, 0, 0, 0.0, 0, 0, None, False)
    return Considered(
        Hit(expert, similarity),
        replace(features, **figures) if known else None,  # type: ignore[arg-type]
        online,
    )
