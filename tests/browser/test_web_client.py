"""The web client: its laws in Node, and its whole story in a headless Chromium against a running `yeon up`."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.conftest import Stack

HERE = Path(__file__).parent
pytestmark = pytest.mark.browser


def run(*command: str, within: float) -> None:
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=within, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}"


@pytest.fixture(scope="module")
def modules() -> None:
    """What the tests need from the lock file, installed beside them."""
    if shutil.which("npm") is None:
        pytest.fail("Node 20 or newer is needed for the browser tests")
    run("npm", "ci", "--no-audit", "--no-fund", within=120)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A whole stack of its own, nobody in it."""
    stack = Stack(tmp_path_factory.mktemp("browser"), "embedded")
    stack.start()
    yield stack
    stack.stop()


def test_the_laws_of_the_client_hold() -> None:
    run("node", "--test", *(str(path) for path in sorted(HERE.glob("*.test.mjs"))), within=60)


@pytest.mark.timeout(240)
def test_two_people_ask_match_accept_and_chat(modules: None, running: Stack, tmp_path: Path) -> None:
    pictures = Path(os.environ.get("YEON_TEST_PICTURES", tmp_path))
    run("node", "story.mjs", running.http, str(pictures), within=200)
