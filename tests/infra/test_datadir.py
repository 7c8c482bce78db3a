"""The data directory: one owner at a time, and a sentence for each way it can be unusable."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from infra.datadir import LEAST_FREE_BYTES, LOG_BYTES, DataDir, DataDirUnusable, check_space
from infra.settings import STACK_FILE, Settings


def test_the_second_owner_is_told_who_the_first_is(tmp_path: Path) -> None:
    first = DataDir(tmp_path)
    with pytest.raises(DataDirUnusable, match=f"in use by another `yeon up` \\(process {os.getpid()}\\)"):
        DataDir(tmp_path)
    first.release()
    DataDir(tmp_path).release()


def test_what_an_ended_owner_started_is_waited_for(tmp_path: Path) -> None:
    owner = DataDir(tmp_path)
    with subprocess.Popen(["sleep", "600"], pass_fds=[owner.lock]) as survivor:
        ended = subprocess.Popen(["true"])
        ended.wait()
        os.pwrite(owner.lock, str(ended.pid).ljust(10).encode(), 0)
        owner.release()

        with pytest.raises(DataDirUnusable, match="still held"):
            DataDir(tmp_path, patience=0.2)

        survivor.kill()
    DataDir(tmp_path).release()


def test_a_directory_that_cannot_be_is_said_with_the_setting_to_change(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataDirUnusable, match=r"cannot be written.*YEON_DATA_DIR"):
        DataDir(tmp_path / "file" / "data")


def test_a_full_disk_is_said_with_what_is_needed() -> None:
    check_space(LEAST_FREE_BYTES, LEAST_FREE_BYTES, Path("/data"))
    with pytest.raises(DataDirUnusable, match="disk of /data is full: 1 MB are free and 512"):
        check_space(1024 * 1024, LEAST_FREE_BYTES, Path("/data"))


def test_settings_find_what_is_published_until_it_is_released(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YEON_DATA_DIR", str(tmp_path))
    owner = DataDir(tmp_path)
    owner.publish({"redis_url": "redis://:secret@127.0.0.1:1/0", "embedded_broker": True})
    assert Settings().redis_url == "redis://:secret@127.0.0.1:1/0"
    assert stat.S_IMODE((tmp_path / STACK_FILE).stat().st_mode) == 0o600
    owner.release()
    assert Settings().redis_url == ""


def test_what_a_killed_owner_published_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YEON_DATA_DIR", str(tmp_path))
    (tmp_path / "run").mkdir()
    (tmp_path / STACK_FILE).write_text('{"postgres_url": "postgresql://gone"}')
    owner = DataDir(tmp_path)
    assert Settings().postgres_url == ""
    owner.release()


def test_a_log_that_grew_is_turned(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "relay.log").write_bytes(b"x" * (LOG_BYTES + 1))
    (tmp_path / "log" / "streams.log").write_bytes(b"y")
    DataDir(tmp_path).release()
    assert sorted(log.name for log in (tmp_path / "log").iterdir()) == ["relay.log.1", "streams.log"]
