"""Sends mails to one SMTP server (RFC 5321), with TLS wherever the server offers it.

Passwords go over TLS only, or to this very machine. What the server answers may name the reader, so only its codes are
passed on.
"""

import re
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import aiosmtplib

from streams.notices.outcome import Later, Outcome, Refused, Sent

SECONDS = 20.0
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")


class BadMailServer(ValueError):
    """`YEON_SMTP_URL` is none; the message is a sentence for a person."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails go."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    tls: bool = False
    """From the first byte on; otherwise by STARTTLS, if the server offers it."""

    @classmethod
    def of(cls, url: str) -> "MailServer":
        """`smtp://user:password@host:587` or `smtps://…:465`. Raises `BadMailServer`."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise BadMailServer(f"YEON_SMTP_URL is no address: {error}") from error
        if parts.scheme not in ("smtp", "smtps") or not host:
            raise BadMailServer("YEON_SMTP_URL must begin with smtp:// or smtps:// and name a host")
        tls = parts.scheme == "smtps"
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(host, port or (465 if tls else 587 if user else 25), user, password, tls)


class Mailer:
    """Sends through `server`, each mail on a connection of its own."""

    def __init__(self, server: MailServer, seconds: float = SECONDS) -> None:
        self._server = server
        self._seconds = seconds

    async def send(self, mail: EmailMessage) -> Outcome:
        """Hand `mail` over. Raises nothing: whatever goes wrong is in the outcome."""
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            timeout=self._seconds,
            use_tls=server.tls,
            start_tls=False if server.tls else self._starttls,
        )
        try:
            async with client:
                if server.user:
                    await client.login(server.user, server.password)
                await client.send_message(mail)
        except aiosmtplib.SMTPAuthenticationError as error:
            return Later(f"the mail server refuses our password: {_codes(error)}")  # for an operator to mend
        except aiosmtplib.SMTPRecipientsRefused as error:
            return _of_code(error.recipients[0])
        except (aiosmtplib.SMTPConnectError, aiosmtplib.SMTPSenderRefused) as error:
            return Later(f"the mail server does not take mail of ours: {type(error).__name__}")
        except aiosmtplib.SMTPResponseException as error:
            return _of_code(error)
        except (aiosmtplib.SMTPException, OSError) as error:
            return Later(f"the mail server cannot be reached: {type(error).__name__}")
        return Sent()

    @property
    def _starttls(self) -> bool | None:
        """Needed before a password is said; otherwise taken if offered."""
        return True if self._server.user and self._server.host not in _LOOPBACK else None


def _of_code(error: aiosmtplib.SMTPResponseException) -> Outcome:
    if 500 <= error.code < 600:
        return Refused(f"the mail server refuses it: {_codes(error)}")
    return Later(f"the mail server wants it later: {_codes(error)}")


def _codes(error: aiosmtplib.SMTPResponseException) -> str:
    enhanced = _ENHANCED.search(error.message)
    return f"{error.code} {enhanced[1]}" if enhanced else str(error.code)
