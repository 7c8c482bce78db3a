"""The web client: its laws in Node, and people who use it in a headless Chromium against a running `yeon up`.

`YEON_TEST_PICTURES` names a directory for pictures of every page, `YEON_TEST_MESSAGES` says how long the long history is.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from infra.embedded.ports import any_free
from tests.matcher.llm.server import Call, Reply, openai, serving
from tests.stories.conftest import Stack

HERE = Path(__file__).parent
MESSAGES = "10000"
SCENE_SECONDS = 240
PUSHED_TO = f"http://127.0.0.1:{any_free()}"
OPERATOR, PASSWORD = "operator", "correct horse battery"
pytestmark = pytest.mark.browser


def run(*command: str, within: float, data_dir: Path | None = None) -> None:
    environment = {
        "YEON_DATA_DIR": str(data_dir),
        "YEON_TEST_PYTHON": sys.executable,
        "YEON_TEST_MESSAGES": MESSAGES,
        "YEON_TEST_OPERATOR": OPERATOR,
        "YEON_TEST_PUSH": PUSHED_TO,
    }
    environment |= os.environ
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
def model() -> Iterator[str]:
    """The address of a language model, which files no question and drafts from the first passage."""
    loop, ready, over = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    found: list[str] = []

    def says(call: Call) -> Reply:
        if "passages" in json.loads(call.body["messages"][-1]["content"]):
            return openai({"draft": "만기일과 돌려받을 금액을 적으세요 [1]."})
        return openai({"category": "none", "keywords": [], "urgency": "none"})

    async def serve() -> None:
        async with serving(says) as server:
            found.append(server.url)
            ready.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(30)
    yield found[0]
    loop.call_soon_threadsafe(over.set)
    thread.join()
    loop.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, model: str) -> Iterator[Stack]:
    """A whole stack of its own, nobody in it. One expert may accept a question, so that a race can be lost."""
    settings = {
        "YEON_ACCEPTANCES": "1",
        "YEON_OFFER_SECONDS_HIGH": "180",
        "YEON_PUSH_CONTACT": "mailto:ops@example.org",
        "YEON_PUSH_HOSTS": PUSHED_TO,
        "YEON_NOTIFY_PUSH_SECONDS": "0.2",
        "YEON_LLM_URL": model,
        "YEON_LLM_MODEL": "test",
    }
    stack = Stack(tmp_path_factory.mktemp("browser"), "embedded", extra=settings)
    stack.start()
    make_operator(stack, OPERATOR)
    yield stack
    stack.stop()


@pytest.fixture
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that asks one expert at once, and waits neither for an answer nor for a first word for long."""
    settings = {f"YEON_OFFER_SECONDS_{urgency}": "12" for urgency in ("LOW", "MEDIUM", "HIGH")}
    stack = Stack(tmp_path_factory.mktemp("hasty"), "embedded", settings | {"YEON_OFFERS_AT_ONCE": "1"})
    stack.start()
    yield stack
    stack.stop()


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack in which nothing has happened yet, but that there is an operator."""
    stack = Stack(tmp_path_factory.mktemp("operating"), "embedded", {"YEON_OFFER_SECONDS_HIGH": "180"})
    stack.start()
    make_operator(stack, OPERATOR)
    yield stack
    stack.stop()


def make_operator(stack: Stack, username: str) -> None:
    """As a person would: an account, and then `yeon grant` by whoever runs the machine."""
    account = {"username": username, "email": "o@example.org", "password": PASSWORD, "role": "questioner"}
    httpx.post(f"{stack.http}/api/auth/register", json=account, timeout=20).raise_for_status()
    given = [sys.executable, "-m", "infra.cli", "grant", username, "operator"]
    subprocess.run(given, env=stack.environment, check=True, capture_output=True, timeout=60)


def test_the_laws_of_the_client_hold() -> None:
    run(
        "node",
        "--test",
        "--test-reporter=dot",
        *(str(path) for path in sorted(HERE.glob("*.test.mjs"))),
        within=60,
    )


@pytest.mark.timeout(SCENE_SECONDS + 180)
@pytest.mark.parametrize("scene", ["first", "story", "three", "typing", "files", "away", "pages", "history"])
def test_people_use_it(scene: str, modules: None, running: Stack, tmp_path: Path) -> None:
    pictures = Path(os.environ.get("YEON_TEST_PICTURES", tmp_path))
    run("node", f"{scene}.mjs", running.http, str(pictures), within=SCENE_SECONDS, data_dir=running.data_dir)


@pytest.mark.timeout(SCENE_SECONDS + 60)
def test_who_does_not_answer_is_followed_by_others(modules: None, hasty: Stack, tmp_path: Path) -> None:
    pictures = Path(os.environ.get("YEON_TEST_PICTURES", tmp_path))
    run("node", "silent.mjs", hasty.http, str(pictures), within=SCENE_SECONDS, data_dir=hasty.data_dir)


@pytest.mark.timeout(SCENE_SECONDS + 60)
def test_an_operator_sees_what_is_so(modules: None, fresh: Stack, tmp_path: Path) -> None:
    pictures = Path(os.environ.get("YEON_TEST_PICTURES", tmp_path))
    run("node", "operating.mjs", fresh.http, str(pictures), within=SCENE_SECONDS, data_dir=fresh.data_dir)
