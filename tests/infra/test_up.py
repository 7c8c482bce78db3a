"""What `yeon up` says when it cannot start: one sentence that names what to change, exit code 1, nothing left."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import psutil

from infra.datadir import DataDir
from infra.embedded.ports import HOST, any_free


def yeon(*arguments: str, data_dir: Path, **settings: object) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("YEON_")}
    environment |= {f"YEON_{name.upper()}": str(value) for name, value in settings.items()}
    environment |= {"YEON_DATA_DIR": str(data_dir)}
    return subprocess.run(
        [sys.executable, "-m", "infra.cli", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refused(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_port_in_use_is_said_with_its_setting(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        ports = {"http_port": any_free(), "ws_port": port, "matcher_port": any_free()}
        said = refused(yeon("up", data_dir=tmp_path, **ports))
    assert f"Port {port} on 127.0.0.1 is in use; set YEON_WS_PORT to a free one." in said


def test_a_directory_in_use_is_said_with_its_owner(tmp_path: Path) -> None:
    owner = DataDir(tmp_path)
    said = refused(yeon("up", data_dir=tmp_path))
    owner.release()
    assert f"in use by another `yeon up` (process {os.getpid()})" in said


def test_a_directory_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be written" in refused(yeon("up", data_dir=tmp_path / "file"))


def test_a_given_store_that_is_away_ends_what_was_started(tmp_path: Path) -> None:
    ports = {name: any_free() for name in ("http_port", "ws_port", "matcher_port")}
    away = f"postgresql://yeon@127.0.0.1:{any_free()}/yeon"
    said = refused(yeon("up", data_dir=tmp_path, postgres_url=away, **ports))
    assert "The tables could not be made in PostgreSQL" in said
    left = [p for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(p.info["cmdline"] or ())]
    assert left == []


def test_doctor_without_a_stack_says_so_and_fails(tmp_path: Path) -> None:
    done = yeon("doctor", "--json", data_dir=tmp_path, http_port=any_free(), matcher_port=any_free())
    assert done.returncode == 1
    assert '"healthy": false' in done.stdout
    assert "no `yeon up` runs with this data directory" in done.stdout
