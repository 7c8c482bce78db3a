"""`python -m streams.log`, which is `yeon log`: puts the subcommands together."""

import signal
import sys

import typer

from streams.log.cli import export, moments, read, replay, report, sql, year

app = typer.Typer(
    name="yeon log",
    help="The log for analysts: every event that ever happened, read, exported, replayed and asked.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for part in (read, export, sql, moments, replay, report, year):
    app.registered_commands += part.app.registered_commands


def main() -> None:
    """The entry point. Ctrl-C ends it without a trace; a reader that closes the pipe early ends it in silence."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        app(prog_name="yeon log")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
