"""A notice as a mail: text and HTML, with the headers that let a reader end all mail with one press (RFC 8058). Pure."""

from datetime import datetime
from email.headerregistry import Address as MailAddress
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import EmailPolicy, Policy
from email.utils import format_datetime, parseaddr
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from schemas.base import Language
from streams.notices.notice import Notice

_TEXTS: dict[Language, dict[str, str]] = {
    "ko": {
        "brand": "연결이",
        "why": "자리를 비우신 동안 있었던 일이라 메일로 알려 드려요.",
        "off": "메일 그만 받기",
    },
    "en": {
        "brand": "Yeongyeori",
        "why": "You get this mail because it happened while you were away.",
        "off": "Stop these mails",
    },
}
_templates = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
_HTML = _templates.from_string(
    files("streams.notices").joinpath("templates/letter.html").read_text(encoding="utf-8")
)


class _Links(UnstructuredHeader, BaseHeader):
    """Links in angle brackets (RFC 2369): one that is longer than a line must not be put into encoded words for that,
    since readers of mail do not look into them."""

    def fold(self, *, policy: Policy) -> str:
        """The header as it goes out."""
        return f"{self.name}: {self}{policy.linesep}"


_headers = HeaderRegistry()
_headers.map_to_type("list-unsubscribe", _Links)
_POLICY = EmailPolicy(header_factory=_headers)


class BadSender(ValueError):
    """`YEON_MAIL_FROM` is no address; the message is a sentence for a person."""


def sender(given: str) -> MailAddress:
    """`연결이 <no-reply@example.org>` or an address alone. Raises `BadSender`."""
    name, address = parseaddr(given)
    user, at, domain = address.rpartition("@")
    if not (user and at and domain):
        raise BadSender("YEON_MAIL_FROM must be an address, such as 연결이 <no-reply@example.org>")
    try:
        return MailAddress(name or "연결이", user, domain)
    except ValueError as error:
        raise BadSender(f"YEON_MAIL_FROM is no address: {error}") from error


def letter(
    notice: Notice, language: Language, to: str, by: MailAddress, at: datetime, name: str, base: str, off: str
) -> EmailMessage:
    """The mail of `notice` to the address `to`.

    `name` is the mail's own, the same at each attempt; `base` is where the web client is, `off` the token that ends
    mail to this reader.
    """
    texts = _TEXTS[language]
    link, off_link = f"{base}/#/{notice.path}", f"{base}/mail-off/{off}"
    user, _, domain = to.rpartition("@")
    said = EmailMessage(_POLICY)
    said["From"] = by
    said["To"] = MailAddress("", user, domain)
    said["Subject"] = notice.title
    said["Date"] = format_datetime(at)
    said["Message-ID"] = f"<{name}@{by.domain}>"
    said["Auto-Submitted"] = "auto-generated"
    said["Content-Language"] = language
    if base.startswith("https:"):  # RFC 8058 asks for it
        said["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    said["List-Unsubscribe"] = f"<{off_link}>"
    parts = [notice.title, notice.body, *(f"{line.name}: {line.words}" for line in notice.lines)]
    parts += [f"{notice.action}: {link}", f"-- \n{texts['why']}\n{texts['off']}: {off_link}"]
    said.set_content("\n\n".join(parts) + "\n")
    said.add_alternative(
        _HTML.render(notice=notice, texts=texts, link=link, off_link=off_link, language=language),
        subtype="html",
    )
    return said
