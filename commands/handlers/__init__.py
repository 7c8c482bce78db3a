"""Which aggregates a command touches, and the decisions that take several of them."""

from commands.handlers import accounts, offers, questions, rankers, rooms
from commands.handlers.handling import Answer, Handling, meta_of
from schemas.commands import Command

HANDLING: dict[type[Command], Handling] = {
    **accounts.HANDLING,
    **questions.HANDLING,
    **offers.HANDLING,
    **rooms.HANDLING,
    **rankers.HANDLING,
}

__all__ = ["HANDLING", "Answer", "Handling", "meta_of"]
