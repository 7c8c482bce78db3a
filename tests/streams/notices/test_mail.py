"""Mails over SMTP, to a real server on this machine."""

from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote

import pytest

from infra.embedded.ports import any_free
from streams.notices.letter import BadSender, sender
from streams.notices.mail import BadMailServer, Mailer, MailServer
from streams.notices.outcome import Later, Refused, Sent
from tests.streams.notices.mail_server import PASSWORD, USER, certificate, serving


def a_mail() -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = Address("연결이", "no-reply", "yeon.test")
    mail["To"] = "kim@example.org"
    mail["Subject"] = "전문가를 찾았어요"
    mail.set_content("안녕하세요")
    return mail


async def test_a_mail_in_korean_comes_as_it_was_written() -> None:
    async with serving() as server:
        assert await Mailer(MailServer.of(server.url)).send(a_mail()) == Sent()
    [got] = server.got
    assert got["Subject"] == "전문가를 찾았어요"
    assert str(got["From"]) == "연결이 <no-reply@yeon.test>"
    assert got.get_content().strip() == "안녕하세요"


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_the_password_is_said_over_tls_only(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a server that wants a password, over TLS from the first byte or by STARTTLS, and whom this machine trusts
    context, trusted = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    async with serving(tls=context, from_the_first_byte=scheme == "smtps", password=True) as server:
        url = f"{scheme}://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{server.port}"
        assert await Mailer(MailServer.of(url)).send(a_mail()) == Sent()
        assert server.secure == [True]

        # and a wrong one is for an operator to mend, so it is tried again
        wrong = await Mailer(MailServer.of(url.replace("pass", "pazz"))).send(a_mail())
    assert isinstance(wrong, Later)
    assert "535" in wrong.reason


async def test_a_server_nobody_vouches_for_gets_no_mail(tmp_path: Path) -> None:
    context, _ = certificate(tmp_path)
    async with serving(tls=context, from_the_first_byte=True) as server:
        outcome = await Mailer(MailServer.of(f"smtps://127.0.0.1:{server.port}")).send(a_mail())
    assert isinstance(outcome, Later)
    assert server.got == []


async def test_what_the_server_says_decides_and_names_nobody() -> None:
    async with serving() as server:
        server.answers += ["450 4.2.1 <kim@example.org> is busy", "550 5.1.1 <kim@example.org> is unknown"]
        mailer = Mailer(MailServer.of(server.url))
        later, refused = await mailer.send(a_mail()), await mailer.send(a_mail())
    assert later == Later("the mail server wants it later: 450 4.2.1")
    assert refused == Refused("the mail server refuses it: 550 5.1.1")


async def test_a_server_that_is_away_is_tried_again() -> None:
    outcome = await Mailer(MailServer("127.0.0.1", any_free()), seconds=2).send(a_mail())
    assert isinstance(outcome, Later)


def test_the_settings_are_read_as_they_stand() -> None:
    assert MailServer.of("smtp://u%40x:p%2Fw@mail.test") == MailServer("mail.test", 587, "u@x", "p/w")
    assert MailServer.of("smtps://mail.test") == MailServer("mail.test", 465, tls=True)
    for bad in ("mail.test:25", "http://mail.test", "smtp://", "smtp://mail.test:port"):
        with pytest.raises(BadMailServer):
            MailServer.of(bad)
    for bad in ("", "연결이", "@example.org"):
        with pytest.raises(BadSender):
            sender(bad)
    assert str(sender("no-reply@example.org")) == "연결이 <no-reply@example.org>"
