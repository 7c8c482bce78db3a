"""`python -m matcher`: the matcher of this machine, with the real command port and the real views; `--help` says what
else there is."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import typer

from matcher.cli import app, clear_errors
from matcher.lexical.morphemes import Apart, apart
from matcher.training import cli as training

if TYPE_CHECKING:
    from commands.application import Commands


@app.callback(invoke_without_command=True)
def default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        run()


@app.command("serve")
def run() -> None:
    """Find experts for questions, until SIGTERM."""
    with apart() as morphemes:  # which loads for two seconds, and everything else beside it
        _run(morphemes)


def _run(morphemes: Apart) -> None:
    from commands.application import Commands
    from infra import postgres, tracing
    from infra.kafka.process import run_process
    from infra.settings import settings
    from infra.telemetry import configure_logging
    from matcher.analysis.categories import BadCategories
    from matcher.analysts.factory import BadModel, check
    from matcher.application import serve
    from matcher.lexical.terms import Terms
    from projections.prepare import prepare
    from projections.queries.experts import Features

    async def work() -> None:
        async with postgres.pool(settings().postgres_url, "matcher-start") as pool:
            await prepare(pool)  # whichever role is first makes the views' tables
        commands = Commands(settings())
        await commands.start()
        try:
            await serve(settings(), commands, Features, Terms(morphemes))
        finally:
            await commands.stop()
            morphemes.close()  # the process ends right after this, without a look at anything outside

    configure_logging("matcher", settings())
    tracing.begin("matcher", settings())
    try:
        check(settings())
    except (BadCategories, BadModel) as error:
        typer.echo(f"yeon matcher: {error}", err=True)
        raise typer.Exit(2) from error
    run_process(work)


def _switched(switch: "Callable[[Commands], Awaitable[str]]") -> None:
    from commands.application import Commands
    from infra import postgres
    from infra.settings import settings

    async def run_once() -> str:
        postgres.prepare(settings().postgres_url)
        commands = Commands(settings())
        await commands.start()
        try:
            return await switch(commands)
        finally:
            await commands.stop()

    with clear_errors():
        typer.echo(f"Questions asked from now on are ranked by {asyncio.run(run_once())}.")


@app.command()
def use(version: training.RankerName) -> None:
    """Make a ranker live: every matcher ranks questions asked from now on by it."""
    from infra.settings import settings
    from matcher.encoders.factory import make_encoder
    from matcher.live_ranker import rankers_in
    from matcher.switching import use as using

    with clear_errors():
        encoder = make_encoder(settings().encoder).identity
    _switched(lambda commands: using(commands, rankers_in(settings()), version, encoder))


@app.command()
def rollback() -> None:
    """Go back to the ranker that was live before."""
    from matcher.switching import roll_back

    _switched(roll_back)


if __name__ == "__main__":
    app(prog_name="yeon matcher")
