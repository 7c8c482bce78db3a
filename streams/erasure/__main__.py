"""`python -m streams.erasure`, which is `yeon erase`: what is left of a person, and the keys' own backup."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import orjson
import typer
from aiokafka.errors import KafkaError
from psycopg import AsyncConnection, Connection, Error
from qdrant_client import QdrantClient
from qdrant_client.http.exceptions import ResponseHandlingException
from redis.exceptions import RedisError
from rich.console import Console
from rich.table import Table

from infra import key_backup
from infra.clock import now
from infra.files import file_store
from infra.kafka.access import Access
from infra.redis import connect as connect_redis
from infra.settings import Settings
from streams.erasure import scrubbing
from streams.erasure.search import (
    Left,
    in_files,
    in_indexes,
    in_postgres,
    in_qdrant,
    in_redis,
    in_store,
    in_topics,
)

app = typer.Typer(
    name="yeon erase",
    help="Forgetting people: see what is left of someone, and keep the keys apart. A person erases themselves with"
    " DELETE /api/users/profile.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
Directory = Annotated[
    Path, typer.Argument(help="Where the backups of the keys stand, apart from the database's.")
]

_STATE = """
    SELECT erased.at, erased.cleared_at, EXISTS (SELECT FROM store.person_keys WHERE user_id = %(person)s),
        EXISTS (SELECT FROM store.credentials WHERE user_id = %(person)s)
    FROM (VALUES (1)) AS one LEFT JOIN store.erased_persons AS erased ON erased.user_id = %(person)s
"""


@app.command()
def verify(
    person: Annotated[UUID, typer.Argument(help="The id of the person.")],
    text: Annotated[
        list[str] | None, typer.Option(help="A text of theirs to look for; give as many as are known.")
    ] = None,
    exports: Annotated[
        list[Path] | None, typer.Option(help="A directory to look through, of exports or backups.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
) -> None:
    """Say what is left of a person, where, and when it goes; exit code 1 if something does not go by itself."""
    settings = Settings()
    try:
        state, left = asyncio.run(_look(settings, person, text or [], exports or []))
    except (Error, KafkaError, RedisError, OSError, ResponseHandlingException) as error:
        typer.echo(f"A store does not answer: {str(error).strip()}", err=True)
        raise typer.Exit(2) from None
    if as_json:
        typer.echo(orjson.dumps({**state, "left": left}).decode())
    else:
        _tell(person, state, left)
    stays = not state["erasedAt"] or state["key"] or state["credentials"] or not state["clearedAt"]
    raise typer.Exit(1 if stays or any(one.goes is None for one in left) else 0)


@app.command("scrub")
def scrub_disk() -> None:
    """Have PostgreSQL write over what its disk still holds of deleted rows and keys. Tables are closed meanwhile."""
    with _store() as connection:
        done = scrubbing.scrub(connection)
    typer.echo(f"wrote {done.tables} tables and {done.log_files} files of the write-ahead log anew")


@app.command("back-up-keys")
def back_up_keys(
    directory: Directory,
    keep_days: Annotated[int, typer.Option(min=1, help="Older backups are removed.")] = 30,
) -> None:
    """Write all keys to a file of their own. An erased person's key is gone when the last file that held it is."""

    with _store() as connection:
        path = key_backup.back_up(connection, directory, now(), timedelta(days=keep_days))
    typer.echo(f"wrote {path}")


@app.command("restore-keys")
def restore_keys(directory: Directory) -> None:
    """After a restore of the database: put keys back, and erase again whoever was erased before or since."""

    with _store() as connection:
        people = key_backup.restore(connection, directory)
    typer.echo(
        f"{people.restored} keys are back, {people.erased} persons stay erased; now run `yeon rebuild everything`"
    )


@contextmanager
def _store() -> Iterator[Connection[Any]]:
    try:
        with Connection.connect(Settings().postgres_url, autocommit=True) as connection:
            yield connection
    except (Error, OSError) as error:
        typer.echo(f"PostgreSQL did not do it: {str(error).strip()}", err=True)
        raise typer.Exit(2) from None


async def _look(
    settings: Settings, person: UUID, texts: list[str], exports: list[Path]
) -> tuple[dict[str, Any], list[Left]]:
    async with await AsyncConnection.connect(settings.postgres_url, autocommit=True) as connection:
        row = await (await connection.execute(_STATE, {"person": person})).fetchone()
        at, cleared, key, credentials = row or (None, None, False, False)
        left = [one async for one in in_postgres(connection, texts)]
    kept = timedelta(days=settings.kafka_retention_days)
    left += [one async for one in in_topics(Access.of(settings), person, texts, kept)]
    async with connect_redis(settings.redis_url, "erase") as client:
        left += [one async for one in in_redis(client, texts)]
    for directory in exports:
        left += in_files("export", directory, texts)
    left += in_indexes(settings.data_dir / "qdrant", texts, at)
    if settings.qdrant_url:
        left += in_qdrant(QdrantClient(settings.qdrant_url, timeout=60), texts)
    left += [one async for one in in_store(file_store(settings), person, texts)]
    return {"erasedAt": at, "clearedAt": cleared, "key": key, "credentials": credentials}, left


def _tell(person: UUID, state: dict[str, Any], left: list[Left]) -> None:
    console = Console()
    if state["erasedAt"] is None:
        console.print(f"{person} was not erased.")
    else:
        cleared = state["clearedAt"] or "not yet"
        console.print(
            f"{person} was erased at {state['erasedAt']:%Y-%m-%d %H:%M:%S}; views cleared: {cleared}."
        )
    for name in ("key", "credentials"):
        if state[name]:
            console.print(f"Their {name} still stand in the store.")
    if not left:
        console.print("Nothing that was looked for is left.")
        return
    table = Table("where", "place", "count", "goes")
    for one in left:
        table.add_row(
            one.part, one.place, str(one.count), f"{one.goes:%Y-%m-%d %H:%M}" if one.goes else "stays"
        )
    console.print(table)


if __name__ == "__main__":
    app(prog_name="yeon erase")
