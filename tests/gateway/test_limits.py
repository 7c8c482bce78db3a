"""Limits: so much in so long, for all gateways together, and without Redis for this one alone."""

import pytest

from gateway.limits import Limits, RateLimited
from infra.embedded.ports import any_free
from infra.settings import Settings


@pytest.fixture(params=["shared", "alone"])
def url(request: pytest.FixtureRequest) -> str:
    """A Redis, or nothing where one should be."""
    if request.param == "shared":
        found: str = request.getfixturevalue("redis_url")
        return found
    return f"redis://127.0.0.1:{any_free()}"


async def test_one_too_many_is_refused_with_a_time_to_come_back(url: str) -> None:
    limits = Limits(Settings(redis_url=url, limit_messages="3/10 seconds", limit_questions="1/hour"))
    for _ in range(3):
        await limits.hit("messages", "me")
    with pytest.raises(RateLimited) as refused:
        await limits.hit("messages", "me")
    assert 0 < refused.value.retry_after <= 10
    await limits.hit("messages", "you")
    await limits.hit("questions", "me")
    with pytest.raises(RateLimited):
        await limits.hit("questions", "me")
    await limits.close()


async def test_looking_does_not_count(url: str) -> None:
    limits = Limits(Settings(redis_url=url, limit_logins="1/minute"))
    for _ in range(5):
        await limits.check("logins", "me")
    await limits.hit("logins", "me")
    with pytest.raises(RateLimited):
        await limits.check("logins", "me")
    await limits.close()


async def test_gateways_count_together(redis_url: str) -> None:
    settings = Settings(redis_url=redis_url, limit_messages="2/10 seconds")
    here, there = Limits(settings), Limits(settings)
    await here.hit("messages", "me")
    await there.hit("messages", "me")
    with pytest.raises(RateLimited):
        await here.hit("messages", "me")
    await here.close()
    await there.close()
