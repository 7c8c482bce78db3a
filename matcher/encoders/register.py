"""Which encoders there are indexes for, in `ops.encoders`: the one that is live, and those that somebody still uses.

The setting names the encoder that is wanted. It becomes the live one when its indexes are full, and not before; the
setting that loads the one before it stands here, so that it can answer until then. If the table is lost, nothing is:
the indexes of the wanted encoder are filled before anything is answered.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from psycopg import AsyncConnection

USED_SECONDS = 30
"""After so long without a word nobody uses an encoder any more, or fills its indexes."""


@dataclass(frozen=True, slots=True)
class Registered:
    """An encoder by the identity of its vectors, and the setting that loads it."""

    identity: str
    setting: str


async def live(connection: AsyncConnection) -> Registered | None:
    """The encoder that is live; none where none ever was."""
    cursor = await connection.execute(
        "SELECT identity, setting FROM ops.encoders WHERE live_since IS NOT NULL"
        " ORDER BY live_since DESC LIMIT 1"
    )
    row = await cursor.fetchone()
    return Registered(*row) if row else None


async def use(connection: AsyncConnection, encoders: Iterable[Registered]) -> None:
    """Say that these are in use now."""
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO ops.encoders (identity, setting) VALUES (%s, %s)"
            " ON CONFLICT (identity) DO UPDATE SET used_at = now()",
            [(one.identity, one.setting) for one in encoders],
        )


async def make_live(connection: AsyncConnection, encoder: Registered) -> None:
    """From now on this is the live one; if it is already, since when it is does not change."""
    if (await live(connection)) == encoder:
        return
    await connection.execute(
        "INSERT INTO ops.encoders (identity, setting, live_since) VALUES (%s, %s, clock_timestamp())"
        " ON CONFLICT (identity) DO UPDATE"
        " SET setting = excluded.setting, live_since = clock_timestamp(), used_at = now()",
        (encoder.identity, encoder.setting),
    )


async def fills(connection: AsyncConnection, identity: str, *, already: bool) -> bool:
    """Whether the caller is the one matcher that fills the indexes of this encoder; to be said again while it does.

    `already` says that it was the one when it last asked.
    """
    cursor = await connection.execute(
        "UPDATE ops.encoders SET filled_at = now(), used_at = now() WHERE identity = %s"
        " AND (%s OR filled_at < now() - make_interval(secs => %s)) RETURNING identity",
        (identity, already, USED_SECONDS),
    )
    return await cursor.fetchone() is not None


async def others(connection: AsyncConnection, but: Sequence[str]) -> bool:
    """Whether another matcher uses an encoder that is not among `but`."""
    cursor = await connection.execute(
        "SELECT 1 FROM ops.encoders WHERE identity <> ALL(%s) AND used_at > now() - make_interval(secs => %s)",
        (list(but), USED_SECONDS),
    )
    return await cursor.fetchone() is not None


async def unused(connection: AsyncConnection, but: Sequence[str], *, alone: bool = False) -> list[str]:
    """The identities of encoders that are not live, not among `but`, and that no other matcher uses; `alone` says that
    there is no other."""
    cursor = await connection.execute(
        "SELECT identity FROM ops.encoders WHERE identity <> ALL(%s)"
        " AND (%s OR used_at < now() - make_interval(secs => %s)) AND identity IS DISTINCT FROM"
        " (SELECT identity FROM ops.encoders WHERE live_since IS NOT NULL ORDER BY live_since DESC LIMIT 1)",
        (list(but), alone, USED_SECONDS),
    )
    return [identity for (identity,) in await cursor.fetchall()]


async def forget(connection: AsyncConnection, identity: str) -> None:
    """There are no indexes for this encoder any more."""
    await connection.execute("DELETE FROM ops.encoders WHERE identity = %s", (identity,))
