"""The web client: its laws in Node, and people who use it in a headless Chromium against a running `yeon up`.

`YEON_TEST_PICTURES` names a directory for pictures of every page, `YEON_TEST_MESSAGES` says how long the long history is.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.conftest import Stack

HERE = Path(__file__).parent
MESSAGES = "2000"
SCENE_SECONDS = 240
pytestmark = pytest.mark.browser


def run(*command: str, within: float) -> None:
    environment = {"YEON_TEST_MESSAGES": MESSAGES, **os.environ}
    done = subprocess.run(
        command, cwd=HERE, env=environment, capture_output=True, text=True, timeout=within, check=False
    )
    print(done.stdout)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}"


@pytest.fixture(scope="module")
def modules() -> None:
    """What the tests need from the lock file, installed beside them."""
    if shutil.which("npm") is None:
        pytest.fail("Node 20 or newer is needed for the browser tests")
    run("npm", "ci", "--no-audit", "--no-fund", within=120)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A whole stack of its own, nobody in it. One expert may accept a question, so that a race can be lost."""
    settings = {"YEON_ACCEPTANCES": "1", "YEON_OFFER_SECONDS_HIGH": "180"}
    stack = Stack(tmp_path_factory.mktemp("browser"), "embedded", extra=settings)
    stack.start()
    yield stack
    stack.stop()


def test_the_laws_of_the_client_hold() -> None:
    run("node", "--test", *(str(path) for path in sorted(HERE.glob("*.test.mjs"))), within=60)


@pytest.mark.timeout(SCENE_SECONDS + 60)
@pytest.mark.parametrize("scene", ["story", "three", "pages", "history"])
def test_people_use_it(scene: str, modules: None, running: Stack, tmp_path: Path) -> None:
    pictures = Path(os.environ.get("YEON_TEST_PICTURES", tmp_path))
    run("node", f"{scene}.mjs", running.http, str(pictures), within=SCENE_SECONDS)
