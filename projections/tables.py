"""The tables of the views: their keys and the types of their columns, as `views.sql` makes them."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from psycopg import sql

LIVE = "views"
"""The schema that the queries read."""

_DDL = Path(__file__).with_name("views.sql")


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its key columns, and the PostgreSQL type of every column, key columns first."""

    name: str
    key: tuple[str, ...]
    columns: dict[str, str]


def _table(name: str, key: str, columns: str) -> Table:
    """From texts such as `user_id uuid, demo boolean`."""
    keys = dict(item.strip().split(" ", 1) for item in key.split(","))
    rest = dict(item.strip().split(" ", 1) for item in columns.split(","))
    return Table(name, tuple(keys), keys | rest)


TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        _table(
            "people",
            "user_id uuid",
            "display_name text, role text, demo boolean, created_at timestamptz",
        ),
        _table(
            "experts",
            "expert_id uuid",
            "display_name text, specialties jsonb, experience_years int, bio text, capacity int, "
            "available boolean, demo boolean, profile_at timestamptz, open_rooms int",
        ),
        _table(
            "expert_figures",
            "expert_id uuid",
            "offered bigint, accepted bigint, declined bigint, expired bigint, open_offers bigint, "
            "response_seconds_sum numeric, rating_sum bigint, rating_count bigint, last_active_at timestamptz",
        ),
        _table(
            "questions",
            "question_id uuid",
            "asker_id uuid, asker_name text, content text, category text, urgency text, status text, demo boolean, "
            "round int, room_id uuid, model jsonb, version bigint, created_at timestamptz, updated_at timestamptz",
        ),
        _table(
            "candidates",
            "question_id uuid, expert_id uuid",
            "round int, rank int, display_name text, score double precision, reasons jsonb",
        ),
        _table(
            "offers",
            "question_id uuid, expert_id uuid",
            "display_name text, score double precision, reasons jsonb, round int, state text, "
            "offered_at timestamptz, expires_at timestamptz, closed_at timestamptz, stars int",
        ),
        _table("shares", "question_id uuid, user_id uuid", "shared boolean"),
        _table(
            "rooms",
            "room_id uuid",
            "question_id uuid, asker_id uuid, status text, closed_reason text, last_seq bigint, "
            "created_at timestamptz, last_at timestamptz",
        ),
        _table(
            "room_members",
            "room_id uuid, user_id uuid",
            "user_name text, role text, joined_at timestamptz, spoke_seq bigint",
        ),
        _table(
            "room_items",
            "room_id uuid, seq bigint",
            "type text, message_id uuid, user_id uuid, user_name text, content text, client_msg_id text, "
            "redacted boolean, details jsonb, created_at timestamptz",
        ),
        _table("read_marks", "room_id uuid, user_id uuid", "up_to_seq bigint"),
        _table("inbox", "user_id uuid, inbox_seq bigint", "frame text, data jsonb, created_at timestamptz"),
    )
}


@cache
def statements() -> str:
    """`views.sql`, in which `{schema}` stands for the schema."""
    return _DDL.read_text()


@cache
def ddl(schema: str) -> sql.Composed:
    """The statements that make the schema and its tables where they are missing."""
    text: str = statements()
    return sql.SQL(text).format(schema=sql.Identifier(schema))
