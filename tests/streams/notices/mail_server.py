"""A real SMTP server on this machine that keeps what it is given, and refuses what a test wants refused."""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

USER, PASSWORD = "yeon", "a pass/word"


class MailServer:
    """What came, and how it answers next."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.got: list[EmailMessage] = []
        self.lines: list[bytes] = []
        """Of all that came, as it came."""
        self.secure: list[bool] = []
        self.answers: deque[str] = deque()
        """To the next recipients; accepted when there is nothing."""

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        if self.answers and (answer := self.answers.popleft()):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.got.append(mail)
        self.lines += content.splitlines()
        self.secure.append(
            server.transport is not None and bool(server.transport.get_extra_info("sslcontext"))
        )
        return "250 2.0.0 taken"

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.got if mail["To"] == address]


def _authenticate(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any
) -> AuthResult:
    good = isinstance(given, LoginPassword) and (given.login, given.password) == (
        USER.encode(),
        PASSWORD.encode(),
    )
    return AuthResult(success=good, handled=good)


@asynccontextmanager
async def serving(
    *, tls: ssl.SSLContext | None = None, from_the_first_byte: bool = False, password: bool = False
) -> AsyncIterator[MailServer]:
    """A server that listens until the block ends; with `tls` it offers STARTTLS, or speaks TLS from the first byte."""
    listening = socket.create_server(("127.0.0.1", 0))
    found = MailServer(listening.getsockname()[1])
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        return SMTP(
            found,
            hostname="127.0.0.1",
            tls_context=None if from_the_first_byte else tls,
            auth_required=password and not from_the_first_byte,
            auth_require_tls=not from_the_first_byte,
            authenticator=_authenticate,
            loop=loop,
        )

    server = await loop.create_server(protocol, sock=listening, ssl=tls if from_the_first_byte else None)
    try:
        yield found
    finally:
        server.close()
        await server.wait_closed()


def certificate(directory: Path) -> tuple[ssl.SSLContext, Path]:
    """What a server at 127.0.0.1 shows, and the file by which a client trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    at = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(hours=1))
        .not_valid_after(at + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    cert, secret = directory / "cert.pem", directory / "key.pem"
    cert.write_bytes(made.public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, secret)
    return context, cert
