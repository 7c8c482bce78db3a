"""The witness contradicts a gateway that says all flows while something stands, and nobody else."""

from tests.faults.cluster.witness import LONG_SECONDS, Witness


async def yes() -> bool:
    return True


def watched(denied: float, said: float) -> list[str]:
    """What a witness finds unseen of a relay that stands from 100 s on, when a gateway was last asked."""
    witness = Witness("", yes)
    witness.note([("relay", 5, 5)], 100.0)
    witness._denied, witness._said = denied, said
    witness.note([("relay", 5, 9)], 120.0)
    return witness.unseen


def test_a_gateway_that_denies_a_long_stand_is_contradicted() -> None:
    assert len(watched(denied=100 + LONG_SECONDS + 1, said=0.0)) == 1


def test_one_that_has_told_of_it_or_was_not_asked_is_not() -> None:
    assert watched(denied=100 + LONG_SECONDS + 1, said=106.0) == []
    assert watched(denied=104.0, said=0.0) == []
