"""A site for one test: servers are started from the test's own thread, since a child ends with the thread that started it."""

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from infra.postgres import prepare
from tests.faults.cluster.site import Links, Parts, Site, lay_out, running

DISK = "1024m"


@pytest.fixture
def small_disk(parts_directory: Path) -> Iterator[Path | None]:
    """A directory of the site's own in memory, on which its PostgreSQL's disk can be full; None if we are not root."""
    directory = parts_directory / f"site{time.monotonic_ns()}"
    (directory / "disk").mkdir(parents=True)
    for one in (directory, directory / "disk"):
        one.chmod(0o755)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(directory / "disk")],
        capture_output=True,
        check=False,
    )
    yield directory / "disk" if mounted.returncode == 0 else None
    if mounted.returncode == 0:
        subprocess.run(["umount", "--lazy", str(directory / "disk")], check=True)


@pytest.fixture
def parts(parts_directory: Path, small_disk: Path | None) -> Iterator[tuple[Parts, Links]]:
    directory = small_disk.parent if small_disk else parts_directory / f"site{time.monotonic_ns()}"
    (directory / "disk").mkdir(parents=True, exist_ok=True)
    (kafka, postgres, valkey), links = lay_out(directory)
    try:
        postgres.start()
        valkey.start()
        kafka.start()
        yield (kafka, postgres, valkey), links
    finally:
        kafka.stop()
        valkey.stop()
        postgres.stop()


@pytest.fixture
async def site(parts: tuple[Parts, Links], small_disk: Path | None, tmp_path: Path) -> AsyncIterator[Site]:
    (_, postgres, _), _ = parts
    await asyncio.to_thread(prepare, postgres.url)
    async with running(*parts, tmp_path) as found:
        found.on_small_disk = small_disk is not None
        yield found
