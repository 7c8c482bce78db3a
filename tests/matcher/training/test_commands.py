"""The commands of the matcher on an empty store: what cannot be done is told in a sentence, with exit code 1."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["rollback"], "there is no earlier ranker to go back to"),
        (["use", "linear-2"], "linear-2 is live already"),
        (["use", "lambdamart-none"], "No such file or directory"),
        (["train"], "0 questions have somebody who accepted and somebody who did not"),
        (
            ["compare", "linear-2", "linear-2", "--since", "2020-01-01"],
            "nobody accepted what somebody else did not",
        ),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_told(
    words: list[str], told: str, fresh_database: Callable[[], str], tmp_path: Path
) -> None:
    surroundings = os.environ | {"YEON_POSTGRES_URL": fresh_database(), "YEON_DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "matcher", *words],
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, told in done.stderr) == (1, True), done.stderr
