"""What tests of commands begin with."""

import pytest

from tests.commands.deciding import World


@pytest.fixture
def world() -> World:
    """Nobody is there yet."""
    return World()
