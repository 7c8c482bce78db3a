"""At each step between which a process may die, it is held and killed with SIGKILL: nothing is lost, nothing twice."""

import signal
from pathlib import Path

import pytest

from infra.steps import Step
from tests.faults.conftest import Roles
from tests.faults.loading import applied, assert_nothing_lost, talking

OF_WRITER = {Step.before_append, Step.after_append}
ROLE_AT = {
    Step.after_publish: ("streams", "relay"),
    Step.after_view_commit: ("streams", "worker"),
    Step.after_push: ("streams", "worker"),
}


def test_every_step_is_hit() -> None:
    assert OF_WRITER | set(ROLE_AT) == set(Step)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("step", list(Step))
async def test_killed_at_a_step_nothing_is_lost(
    step: Step, roles: Roles, redis_url: str, tmp_path: Path
) -> None:
    # given a relay and a worker, and people who talk, one process of which can be held at the step
    roles.environment["YEON_REDIS_URL"] = redis_url
    holding = {"YEON_HOLD": step.value, "YEON_HOLD_DIR": str(tmp_path)}
    held = tmp_path / "held"
    async with talking(roles) as talk:
        victims = {}
        for role in (("streams", "relay"), ("streams", "worker")):
            if role == ROLE_AT.get(step):
                roles.environment |= holding
            victims[role] = roles.start(*role)
            for name in holding:
                roles.environment.pop(name, None)
        await talk.begin(0)
        writer = await talk.begin(1, **(holding if step in OF_WRITER else {}))
        await roles.until(lambda: applied(roles) > 100, 120)

        # when that process stands at the step, and is killed there
        (tmp_path / "go").touch()
        await roles.until(held.exists, 60)
        if step in OF_WRITER:
            writer.kill()
            await writer.wait()
            await talk.begin(1)
        else:
            victim = victims[ROLE_AT[step]]
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            roles.running.remove(victim)
            roles.start(*ROLE_AT[step])
        reached = applied(roles)
        await roles.until(lambda: applied(roles) > reached + 50, 60)

        # then what was acknowledged is there, once, in every view and topic
        await assert_nothing_lost(talk)
