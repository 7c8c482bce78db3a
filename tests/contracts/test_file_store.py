"""What every store of files promises: on a disk, and in a bucket of a server that speaks S3 and checks signatures."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from pydantic import ValidationError

from infra.embedded.ports import any_free
from infra.files import FileGone, FileStore, FilesUnavailable, file_store
from infra.files.disk import DiskStore
from infra.settings import Settings
from streams.erasure.search import in_store

SERVER = Path(__file__).parent / "s3"
BUCKET = "yeon-files"
KEY = "S3RVER"
"""The key, and its own secret, that the server knows."""


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with one bucket."""
    if shutil.which("npm") is None:
        if os.environ.get("CI"):
            pytest.fail("Node is needed for the server that speaks S3")
        pytest.skip("no Node here for the server that speaks S3")
    install = ("npm", "ci", "--no-audit", "--no-fund")
    done = subprocess.run(install, cwd=SERVER, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    port = any_free()
    command = ["node", "node_modules/.bin/s3rver", "--silent", "--address", "127.0.0.1", "--port", str(port)]
    directory = tmp_path_factory.mktemp("bucket")
    server = subprocess.Popen(
        [*command, "--directory", str(directory), "--configure-bucket", BUCKET], cwd=SERVER
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _until_up(url)
        yield url
    finally:
        server.terminate()
        server.wait(10)


def _until_up(url: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            httpx.get(url, timeout=2)
            return
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def of_bucket(url: str, **changed: str) -> Settings:
    """The settings of a store in the bucket at `url`."""
    said = {"files_endpoint": url, "files_access_key": KEY, "files_secret_key": KEY} | changed
    return Settings.model_validate({"files_url": f"s3://{BUCKET}/a/prefix", **said})


def test_a_directory_may_be_named(tmp_path: Path) -> None:
    for wrong in ("files", "file://relative", "http://x", "s3://"):
        with pytest.raises(ValidationError):
            Settings(files_url=wrong)
    assert isinstance(file_store(Settings(files_url=f"file://{tmp_path}")), DiskStore)


@pytest.fixture(params=["disk", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    if request.param == "disk":
        return file_store(Settings(data_dir=tmp_path))
    return file_store(of_bucket(request.getfixturevalue("s3")))


def _two() -> tuple[UUID, UUID]:
    return uuid4(), uuid4()


async def test_what_is_put_is_had_back_to_the_byte(store: FileStore) -> None:
    owner, file = _two()
    content = os.urandom(3_000_001)
    await store.put(owner, file, content)
    assert await store.get(owner, file) == content
    await store.put(owner, file, b"")
    assert await store.get(owner, file) == b""


async def test_what_was_never_put_and_what_another_put_is_gone(store: FileStore) -> None:
    owner, file = _two()
    await store.put(owner, file, b"mine")
    with pytest.raises(FileGone):
        await store.get(owner, uuid4())
    with pytest.raises(FileGone):
        await store.get(uuid4(), file)


async def test_removing_is_for_good_and_again_is_nothing(store: FileStore) -> None:
    owner, file = _two()
    await store.put(owner, file, b"mine")
    for _ in range(2):
        await store.remove(owner, file)
        with pytest.raises(FileGone):
            await store.get(owner, file)


async def test_all_of_one_owner_goes_and_nothing_of_another(store: FileStore) -> None:
    (owner, file), (other, kept) = _two(), _two()
    await store.put(owner, file, b"one")
    await store.put(owner, uuid4(), b"two")
    await store.put(other, kept, b"of another")
    for _ in range(2):
        await store.remove_all(owner)
        with pytest.raises(FileGone):
            await store.get(owner, file)
    assert await store.get(other, kept) == b"of another"


async def test_what_is_held_is_named_by_owner_and_id(store: FileStore) -> None:
    (owner, file), (other, gone) = _two(), _two()
    for where in ((owner, file), (other, gone)):
        await store.put(*where, b"sealed")
    await store.remove(other, gone)
    held = [one async for one in store.held()]
    assert (owner, file) in held
    assert (other, gone) not in held


async def test_files_of_a_person_and_files_that_show_words_are_found(store: FileStore) -> None:
    (owner, file), (other, readable), (third, sealed) = _two(), _two(), _two()
    await store.put(owner, file, b"sealed")
    await store.put(other, readable, "앞 화성 도마뱀 뒤".encode())
    await store.put(third, sealed, b"sealed too")
    found = {one.place async for one in in_store(store, owner, ["화성 도마뱀"])}
    assert found == {f"{owner}/{file}", f"{other}/{readable}"}


async def test_a_disk_that_cannot_be_written_says_so_and_keeps_no_half(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("a file where the directory should be")
    with pytest.raises(FilesUnavailable, match="cannot be kept"):
        await file_store(Settings(data_dir=tmp_path)).put(*_two(), b"lost")


async def test_a_disk_shows_files_to_nobody_else(tmp_path: Path) -> None:
    owner, file = _two()
    await file_store(Settings(data_dir=tmp_path)).put(owner, file, b"mine")
    (kept,) = (tmp_path / "files").rglob(str(file))
    assert kept.stat().st_mode & 0o077 == 0
    assert kept.parent.stat().st_mode & 0o077 == 0


async def test_a_bucket_that_refuses_us_says_so(s3: str) -> None:
    refused = file_store(of_bucket(s3, files_access_key="nobody"))
    with pytest.raises(FilesUnavailable, match="InvalidAccessKeyId"):
        await refused.put(*_two(), b"lost")
