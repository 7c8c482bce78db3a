"""`python -m matcher`: the matcher of this machine, with the real command port and the real views; `--help` says what
else there is."""

import typer

from commands.application import Commands
from infra import postgres
from infra.kafka.process import run_process
from infra.settings import settings
from infra.telemetry import configure_logging
from matcher.analysis.categories import BadCategories
from matcher.analysts.factory import BadModel, check
from matcher.application import serve
from matcher.cli import app
from projections.prepare import prepare
from projections.queries.experts import Features


async def _serve() -> None:
    async with postgres.pool(settings().postgres_url, "matcher-start") as pool:
        await prepare(pool)  # whichever role is first makes the views' tables
    commands = Commands(settings())
    await commands.start()
    try:
        await serve(settings(), commands, Features)
    finally:
        await commands.stop()


@app.callback(invoke_without_command=True)
def default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        run()


@app.command("serve")
def run() -> None:
    """Find experts for questions, until SIGTERM."""
    configure_logging("matcher", settings())
    try:
        check(settings())
    except (BadCategories, BadModel) as error:
        typer.echo(f"yeon matcher: {error}", err=True)
        raise typer.Exit(2) from error
    run_process(_serve)


if __name__ == "__main__":
    app(prog_name="yeon matcher")
