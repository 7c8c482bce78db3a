"""Several gateways as processes over one PostgreSQL and one Valkey, with Debian's nginx in front of them, by TLS."""

import asyncio
import ipaddress
import os
import shutil
import signal
import ssl
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import infra
from infra.embedded.ports import any_free

CONFIGURATION = Path(infra.__file__).parent / "nginx"
READY_SECONDS = 60


class Node:
    """One gateway, on ports of its own that it keeps when it is started again."""

    def __init__(self, settings: dict[str, str], directory: Path) -> None:
        self.http, self.ws = any_free(), any_free()
        self._environment = {
            name: value for name, value in os.environ.items() if not name.startswith("YEON_")
        }
        self._environment |= settings | {"YEON_HTTP_PORT": str(self.http), "YEON_WS_PORT": str(self.ws)}
        self._log = directory / f"node-{self.http}.log"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Return once it can serve."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "gateway", env=self._environment, stderr=log
            )
        async with asyncio.timeout(READY_SECONDS), httpx.AsyncClient() as client:
            while True:
                assert self._process.returncode is None, self._log.read_text()[-2000:]
                try:
                    if (
                        await client.get(f"http://127.0.0.1:{self.http}/readyz", timeout=5)
                    ).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)

    async def sockets(self) -> int:
        """How many sockets it has, by its own count."""
        async with httpx.AsyncClient() as client:
            told = (await client.get(f"http://127.0.0.1:{self.http}/metrics")).text
        (line,) = [line for line in told.splitlines() if line.startswith("yeon_gateway_sockets ")]
        return int(float(line.split()[1]))

    async def stop(self) -> int:
        """SIGTERM; its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self._process.wait(), 20)

    async def kill(self) -> None:
        """SIGKILL, if it runs."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


class Nginx:
    """nginx with the configuration of `infra/nginx`, over these nodes."""

    def __init__(self, directory: Path, nodes: list[Node]) -> None:
        self.port = any_free()
        self._directory = directory
        self._process: asyncio.subprocess.Process | None = None
        ours = directory / "yeon"
        ours.mkdir(parents=True)
        shutil.copy(CONFIGURATION / "yeon.conf", ours)
        (ours / "nodes.conf").write_text(
            _upstream("rest", [n.http for n in nodes]) + _upstream("sockets", [n.ws for n in nodes])
        )
        (ours / "site.conf").write_text(
            f"listen 127.0.0.1:{self.port} ssl;\nserver_name localhost;\n"
            f"ssl_certificate {directory}/cert.pem;\nssl_certificate_key {directory}/key.pem;\n"
        )  # fmt: skip
        temporary = "".join(
            f"{kind}_temp_path {directory}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (directory / "nginx.conf").write_text(
            f"{'user root;' if os.geteuid() == 0 else ''}\ndaemon off;\nworker_processes 1;\n"
            f"pid {directory}/pid;\nerror_log {directory}/error.log;\nevents {{ worker_connections 1024; }}\n"
            f"http {{\n{temporary}access_log off;\ninclude yeon/yeon.conf;\n}}\n"
        )
        certificate(directory)
        self.trust = ssl.create_default_context(cafile=str(directory / "cert.pem"))

    async def start(self) -> None:
        """Return once it listens. Without nginx on this machine the test is skipped, and fails in CI."""
        program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        if program is None:
            if os.environ.get("CI"):
                pytest.fail("nginx is needed")
            pytest.skip("no nginx here")
        self._process = await asyncio.create_subprocess_exec(
            program, "-e", str(self._directory / "error.log"), "-p", str(self._directory), "-c", "nginx.conf"
        )
        async with asyncio.timeout(20):
            while True:
                assert self._process.returncode is None, (self._directory / "error.log").read_text()
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    return

    async def stop(self) -> None:
        """End it."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()


def _upstream(name: str, ports: list[int]) -> str:
    """As in `nodes.conf`, on this machine."""
    policy = "max_fails=1 fail_timeout=2s"
    servers = "".join(f"server 127.0.0.1:{port} {policy};\n" for port in ports)
    return f"upstream yeon_{name} {{\nleast_conn;\n{servers}}}\n"


def certificate(directory: Path) -> None:
    """`cert.pem` and `key.pem` of 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    (directory / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (directory / "key.pem").write_bytes(pem)
