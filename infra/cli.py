"""The command `yeon`: starts the whole system or one role of it, and says how it is."""

import asyncio
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="연결이: a person asks, and the right experts are in a room with them. "
    "Settings are environment variables that start with YEON_.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": ["--yeon-help"]}


class BrokerKind(StrEnum):
    """The Kafka that `yeon up` starts."""

    embedded = "embedded"
    apache = "apache"


class Lagging(StrEnum):
    """The roles whose work is seen in PostgreSQL."""

    relay = "relay"
    streams = "streams"
    webhooks = "webhooks"
    notifier = "notifier"


@app.command()
def up(
    broker: Annotated[
        BrokerKind | None, typer.Option(help="The Kafka to start; default: YEON_BROKER.")
    ] = None,
    demo: Annotated[
        bool | None, typer.Option("--demo/--no-demo", help="Demo people; default: YEON_DEMO.")
    ] = None,
) -> None:
    """Run everything on this machine, until Ctrl-C."""
    from infra import up as stack
    from infra.datadir import DataDirUnusable
    from infra.embedded import PartFailed
    from infra.settings import Settings
    from infra.supervisor import GaveUp

    try:
        stack.run(Settings().data_dir, broker=broker, demo=demo)
    except (stack.CannotStart, DataDirUnusable, PartFailed, GaveUp) as reason:
        _fail(str(reason))
    except OSError as error:
        _fail(f"The system refused: {error}")


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of tables.")] = False,
) -> None:
    """Say what is reachable, which versions, and what lags; exit code 1 if something is away."""
    from infra.doctor import run

    raise typer.Exit(run(as_json=as_json))


@app.command()
def prepare() -> None:
    """Make the tables and topics in the stores the settings name; needed once before roles run alone."""
    from infra.settings import Settings
    from infra.stores import StoreRefused, check_redis, prepare_stores

    async def everything(settings: Settings) -> None:
        await prepare_stores(settings)
        await check_redis(settings.redis_url)

    try:
        asyncio.run(everything(Settings()))
    except StoreRefused as reason:
        _fail(str(reason))


@app.command("kafka-acls")
def kafka_acls(
    apply: Annotated[bool, typer.Option("--apply", help="Give them to the brokers.")] = False,
    prefix: Annotated[str, typer.Option(help="Before each role's name, it is its name on Kafka.")] = "yeon-",
) -> None:
    """Show, as commands of kafka-acls.sh, what each role and an integrator may do on Kafka; or give it to them."""
    from aiokafka.errors import KafkaError

    from infra.kafka import acls
    from infra.kafka.access import Access, Locked
    from infra.settings import Settings

    wanted = acls.rules()
    try:
        access = Access.of(Settings())
        if not access.servers:
            _fail("There is no Kafka: set YEON_KAFKA_URL.")
        if not apply:
            typer.echo("\n".join(acls.commands(wanted, access, prefix)))
            return
        given = asyncio.run(acls.apply(wanted, access, prefix))
    except (acls.AclRefused, KafkaError, Locked) as reason:
        _fail(f"Kafka's access rules were not given: {reason}")
    typer.echo(f"{given} rules are given to {len({rule.role for rule in wanted})} principals")


@app.command()
def healthy(role: Annotated[Lagging, typer.Argument(help="Whose progress to look at.")]) -> None:
    """Exit code 0 if the role has nothing to do or moves; for health checks of containers."""
    import psycopg

    from infra.health import gets_on
    from infra.settings import Settings

    try:
        if gets_on(Settings().postgres_url, role):
            return
    except psycopg.Error as error:
        _fail(f"PostgreSQL does not answer: {str(error).strip()}")
    _fail(f"{role.value} is behind and does not move")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where the event store goes.")],
    keys: Annotated[Path, typer.Option(help="The directory where the keys go, apart from the file.")],
    keep_days: Annotated[int, typer.Option(min=1, help="Older backups of the keys are removed.")] = 30,
) -> None:
    """Copy the event store, as of one moment, while everything goes on."""
    from datetime import timedelta

    import psycopg

    from infra import backup as copies
    from infra.clock import now

    try:
        said = copies.backup(_postgres(), file, keys, now(), timedelta(days=keep_days))
    except (copies.BackupRefused, OSError) as reason:
        _fail(str(reason))
    except psycopg.OperationalError as error:
        _fail(f"PostgreSQL does not answer: {error}")
    typer.echo(f"{file} holds the event store up to position {said['position']}; the keys are in {keys}")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `yeon backup` wrote.")],
    keys: Annotated[
        Path,
        typer.Option(help="The directory of the keys; the newer, the more it knows of who was forgotten."),
    ],
    replace: Annotated[bool, typer.Option("--replace", help="Give up the events that are there.")] = False,
) -> None:
    """Make the event store what a backup holds; the roles should be stopped, and follow by `yeon rebuild everything`."""
    import psycopg

    from infra import backup as copies

    try:
        said, people = copies.restore(_postgres(), file, keys, replace=replace)
    except (copies.BackupRefused, OSError) as reason:
        _fail(str(reason))
    except psycopg.OperationalError as error:
        _fail(f"PostgreSQL does not answer: {error}")
    typer.echo(f"{people.restored} keys are back, {people.erased} persons stay erased")
    if people.without:
        typer.echo(f"the keys of {people.without} others are lost: their words cannot be read", err=True)
    typer.echo(
        f"the event store is as of {said['at']}, position {said['position']}; now: yeon rebuild everything"
    )


def _postgres() -> str:
    from infra.settings import Settings

    url = Settings().postgres_url
    if not url:
        _fail("There is no PostgreSQL: start `yeon up`, or set YEON_POSTGRES_URL.")
    return url


def _fail(sentence: str) -> None:
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


def _hand_over(name: str, arguments: tuple[str, ...], sentence: str) -> None:
    """A command that becomes `python -m arguments…`, with whatever else was given."""

    def become(context: typer.Context) -> None:
        os.execv(sys.executable, [sys.executable, "-m", *arguments, *context.args])

    app.command(name, help=sentence, context_settings=PASS_ON)(become)


_hand_over("gateway", ("gateway",), "REST, WebSocket and the web client.")
_hand_over("relay", ("streams", "relay"), "From the event store to Kafka; one active, others stand by.")
_hand_over("streams", ("streams", "worker"), "Views, pushes, deadlines and statistics.")
_hand_over(
    "webhooks", ("streams.webhooks", "serve"), "Sends events to the endpoints of `yeon webhook`; one active."
)
_hand_over("notifier", ("streams", "notifier"), "Tells people who are away, by Web Push and by mail.")
_hand_over("matcher", ("matcher",), "Finds experts for questions; evaluate judges how well.")
_hand_over("rebuild", ("streams.rebuild",), "Make views, topics or the index anew from the event store.")
_hand_over("audit", ("streams.audit.once",), "Compare the event store, the topics and the views.")
_hand_over("parked", ("projections.parked",), "List, show, release or drop events a consumer could not take.")
_hand_over(
    "webhook", ("streams.webhooks",), "Add, list, test or remove endpoints that are sent events over HTTP."
)
_hand_over("log", ("streams.log",), "Read, export, replay and ask the log of everything that happened.")
_hand_over("erase", ("streams.erasure",), "See what is left of a forgotten person; back up keys apart.")
_hand_over("report", ("streams.log", "report"), "One HTML page with charts of what happened.")
_hand_over("seed", ("commands", "seed"), "Make the demo people.")
_hand_over("grant", ("commands.grant",), "Give somebody a role; so the first operator is made.")


def main() -> None:
    """The entry point."""
    app()


if __name__ == "__main__":
    main()
