"""`python -m streams.webhooks`, which is `yeon webhook`: endpoints that are sent events over HTTP, for an operator."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, NoReturn, TypeVar

import orjson
import typer
from psycopg import Error
from rich.console import Console
from rich.table import Table

from infra import tracing
from infra.clock import now
from infra.loop import use_uvloop
from infra.postgres import pool as connect
from infra.settings import settings
from infra.telemetry import configure_logging
from projections.queries.reading import Pool
from streams.webhooks import configuring, ledger, signing
from streams.webhooks.endpoint import BadEndpoint, check_name, check_types, check_url, shown
from streams.webhooks.process import run_webhooks
from streams.webhooks.sending import client, post

app = typer.Typer(
    name="yeon webhook",
    help="Endpoints that are sent the events they chose over HTTP: signed, in order per key, at least once.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
T = TypeVar("T")
Name = Annotated[str, typer.Argument(help="A short name of your own: small letters, digits, hyphens.")]
SECRET_OF = "YEON_WEBHOOK_SECRET"


@app.command()
def add(
    name: Name,
    url: Annotated[str, typer.Argument(help="Where events are posted to.")],
    types: Annotated[
        list[str], typer.Option("--type", help="A type or pattern (yeon.question.*); as many as are wanted.")
    ],
    after: Annotated[
        int | None, typer.Option(help="Begin after this position; 0 for the whole log. Default: from now on.")
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Allow http to another machine.")] = False,
) -> None:
    """Send events to an endpoint from now on, and print the secret it verifies them with.

    A secret of its own is taken from YEON_WEBHOOK_SECRET, if that is set.
    """
    given = os.environ.get(SECRET_OF, "")

    async def work(pool: Pool) -> bytes:
        secret = signing.read(given) if given else None
        patterns = check_types(types)
        return await configuring.add(
            pool, check_name(name), check_url(url, plain=plain), patterns, after, secret
        )

    secret = _run(work)
    typer.echo(f"{name} is sent {', '.join(sorted(set(types)))}.")
    if not given:
        typer.echo(f"Its secret, shown only now: {signing.written(secret)}")


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False) -> None:
    """Say for each endpoint how far it is, what waits, what is parked, and how it answered last."""
    found = _run(configuring.states)
    if as_json:
        for state in found:
            typer.echo(orjson.dumps({**asdict(state), "url": shown(state.url)}).decode())
        return
    if not found:
        typer.echo("There are no endpoints; `yeon webhook add` adds one.")
        return
    table = Table(
        "name", "url", "types", "position", "behind", "waiting", "parked", "last taken", "last failure"
    )
    for state in found:
        table.add_row(
            *(state.name, shown(state.url), "\n".join(state.types), str(state.position), str(state.behind)),
            f"{state.waiting} ({state.failing} failing)" if state.failing else str(state.waiting),
            *(
                str(state.parked),
                f"{state.succeeded_at:%Y-%m-%d %H:%M:%S}" if state.succeeded_at else "never",
            ),
            f"{state.failed_at:%Y-%m-%d %H:%M:%S} {state.failure}" if state.failed_at else "",
        )
    Console().print(table)


@app.command()
def remove(name: Name) -> None:
    """Send nothing more to an endpoint, and forget what waits for it."""
    _run(lambda pool: configuring.remove(pool, name))
    typer.echo(f"{name} is sent nothing more.")


@app.command()
def rotate(
    name: Name,
    hours: Annotated[float, typer.Option(min=0, help="How long the old secret signs as well.")] = 24.0,
) -> None:
    """Give an endpoint a new secret, and print it."""
    secret = _run(lambda pool: configuring.rotate(pool, name, timedelta(hours=hours)))
    typer.echo(f"The new secret of {name}, shown only now: {signing.written(secret)}")


@app.command()
def test(name: Name) -> None:
    """Send one signed event of the type yeon.webhook.tested.v1 now; exit code 1 unless it is answered with 2xx."""

    async def work(pool: Pool) -> str:
        found = next((one for one in await ledger.endpoints(pool) if one.name == name), None)
        if found is None:
            raise BadEndpoint(f"name: there is no endpoint {name}; `yeon webhook list` shows them")
        at = now()
        said = {"specversion": "1.0", "id": f"test:{at.timestamp()}", "source": "urn:yeongyeori"}
        said |= {"type": "yeon.webhook.tested.v1", "time": at.isoformat(), "subject": name}
        async with client(settings().webhook_seconds, 1) as requests:
            failure = await post(
                requests, found.url, said["id"], orjson.dumps({**said, "data": {}}), found.secrets
            )
        return failure.reason if failure else ""

    if reason := _run(work):
        typer.echo(f"{name}: {reason}", err=True)
        raise typer.Exit(1)
    typer.echo(f"{name} took it.")


@app.command()
def serve() -> None:
    """The role `yeon webhooks`: send, until SIGTERM."""
    if not settings().postgres_url:
        _fail("There is no PostgreSQL: start `yeon up`, or set YEON_POSTGRES_URL.")
    configure_logging("webhooks", settings())
    tracing.begin("webhooks", settings())
    use_uvloop()
    asyncio.run(run_webhooks(settings()))


def _run(work: Callable[[Pool], Awaitable[T]]) -> T:
    if not (url := settings().postgres_url):
        _fail("There is no PostgreSQL: start `yeon up`, or set YEON_POSTGRES_URL.")

    async def main() -> T:
        async with connect(url, "webhook", most=2) as pool:
            return await work(pool)

    try:
        return asyncio.run(main())
    except (BadEndpoint, signing.BadSecret, Error) as reason:
        _fail(str(reason).strip())


def _fail(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(2)


if __name__ == "__main__":
    app(prog_name="yeon webhook")
