"""Faults beside a running stack, which is found by `YEON_DATA_DIR`: `python -m tests.browser.spoiling WORDS VIEW`.

From the word `ready` on, the view of questions refuses whatever holds `WORDS`, and nothing is applied to `VIEW`. Of what
comes in, `apply` lets that view go on, and `mend` takes every question again; with the end of what comes in all is well.
"""

import sys

import psycopg

from infra.settings import settings

_SPOILT = """
CREATE FUNCTION views.spoilt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'no place for it' USING ERRCODE = 'check_violation'; END $$;
CREATE TRIGGER spoilt BEFORE INSERT ON views.questions FOR EACH ROW
WHEN (strpos(NEW.content, {words}) > 0) EXECUTE FUNCTION views.spoilt();
"""
_MENDED = "DROP TRIGGER IF EXISTS spoilt ON views.questions; DROP FUNCTION IF EXISTS views.spoilt()"


def main(words: str, view: str) -> None:
    """Does as it is told, line by line."""
    url = settings().postgres_url
    with psycopg.connect(url, autocommit=True) as faults, psycopg.connect(url) as holding:
        faults.execute(psycopg.sql.SQL(_SPOILT).format(words=words))
        held = holding.execute("SELECT 1 FROM ops.tracking WHERE consumer = %s FOR UPDATE", (f"view:{view}",))
        assert held.fetchall(), view
        try:
            print("ready", flush=True)
            for line in sys.stdin:
                match line.strip():
                    case "apply":
                        holding.rollback()
                    case "mend":
                        faults.execute(_MENDED)
                print("done", flush=True)
        finally:
            faults.execute(_MENDED)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
