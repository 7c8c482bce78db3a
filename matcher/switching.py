"""Switches the live ranker, through the command port. An artefact that does not fit is not chosen."""

from pathlib import Path

from infra.clock import now
from infra.ids import new_id
from matcher.artefact import load
from matcher.ranking import RANKER
from schemas.commands.matcher import RollBackRanker, UseRanker
from schemas.envelope import Context
from schemas.ids import SYSTEM
from schemas.port import CommandPort


async def use(commands: CommandPort, directory: Path, version: str, encoder: str) -> str:
    """Make a version live for every matcher; the version.

    `encoder` is the identity of the encoder in use. Raises `Unfit` and `Refused`.
    """
    command = UseRanker(version=version)
    if version != RANKER:
        found = load(directory / version, encoder=encoder)
        command = UseRanker(version=version, sha256=found.sha256, encoder=found.manifest.encoder)
    return str((await commands.execute(command, _context())).result["version"])


async def roll_back(commands: CommandPort) -> str:
    """Go back to the ranker that was live before; its version. Raises `Refused` if there is none."""
    return str((await commands.execute(RollBackRanker(), _context())).result["version"])


def _context() -> Context:
    command_id = new_id()
    return Context(command_id, SYSTEM, now(), command_id)
