"""Offers and capacity under everyone's unreliability, on virtual time. `make soak` runs a million events of it."""

import pytest

from tests.commands.simulating import Simulation

EVENTS = 4_000


@pytest.mark.parametrize("seed", [1, 2])
def test_nobody_accepts_twice_or_past_capacity_and_no_question_is_left_standing(seed: int) -> None:
    simulation = Simulation(seed)
    simulation.run(EVENTS)

    assert simulation.books.freed_by_expiry > 0
    assert {"OfferAccepted", "OfferDeclined", "OffersExpired", "RoundRequested"} <= set(simulation.counts)
    assert simulation.refused["capacity"] > 0, "nobody was ever full: this run has tried nothing"
    assert simulation.refused["offer_closed"] > 0
    assert simulation.died > 0


def test_the_next_is_asked_within_100_ms_of_an_expiry_though_clocks_and_writers_die() -> None:
    simulation = Simulation(9)
    simulation.run(2 * EVENTS)

    assert len(simulation.books.lateness) > 60
    assert 0 < simulation.books.lateness_p99 <= 0.1


@pytest.mark.parametrize("seed", [4])
def test_whoever_waits_is_served_when_somebody_is_free_and_nobody_is_stranded_in_the_end(seed: int) -> None:
    # given far too few experts, a matcher that is late, and a server of the waiting that dies and says things twice
    simulation = Simulation(seed, experts=8)
    simulation.run(EVENTS)

    # when nobody asks any more, and everything has taken its course
    simulation.come_to_rest()

    # then it was needed, and no question waits that somebody with a free place could have
    assert simulation.server.count > 20
    assert simulation.counts["QuestionUnmatched"] > simulation.server.count / 2


def test_the_same_seed_gives_the_same_bytes() -> None:
    one, again, other = Simulation(7), Simulation(7), Simulation(8)
    for simulation in (one, again, other):
        simulation.run(1_500)
    assert one.digest == again.digest
    assert one.digest != other.digest
