"""Offers and capacity under everyone's unreliability, on virtual time. `make soak` runs a million events of it."""

import pytest

from tests.commands.simulating import Simulation

EVENTS = 4_000


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nobody_accepts_twice_or_past_capacity_and_no_question_is_left_standing(seed: int) -> None:
    simulation = Simulation(seed)
    simulation.run(EVENTS)

    assert simulation.freed_by_expiry > 0
    assert {"OfferAccepted", "OfferDeclined", "OffersExpired", "RoundRequested"} <= set(simulation.counts)
    assert simulation.refused["capacity"] > 0, "nobody was ever full: this run has tried nothing"
    assert simulation.refused["offer_closed"] > 0


def test_the_same_seed_gives_the_same_bytes() -> None:
    one, again, other = Simulation(7), Simulation(7), Simulation(8)
    for simulation in (one, again, other):
        simulation.run(1_500)
    assert one.digest == again.digest
    assert one.digest != other.digest
