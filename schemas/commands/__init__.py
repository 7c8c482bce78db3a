"""The catalogue of commands, by their stable names."""

from schemas.commands import account, expert, matcher, question, room
from schemas.commands.base import Command

CATALOGUE: dict[str, type[Command]] = {
    command.NAME: command
    for module in (account, expert, matcher, question, room)
    for command in module.COMMANDS
}

__all__ = ["CATALOGUE", "Command"]
