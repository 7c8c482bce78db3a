"""Web Push, to a service of this machine that speaks the protocol."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import ec

from infra.notifications import Subscription
from infra.push_services import may_push_to
from infra.settings import Settings
from infra.vapid import BadVapidKey, encoded, point, private_key, public_key
from streams.notices.outcome import Gone, Later, Outcome, Refused, Sent
from streams.notices.push import PushSender, encrypted, retry_after
from tests.streams.notices.push_service import Browser, PushService, data, decrypted, serving

NOW = datetime.now(UTC)
KEY = ec.generate_private_key(ec.SECP256R1())


def subscription(browser: Browser) -> Subscription:
    keys = browser.subscription["keys"]
    return Subscription(uuid4(), browser.endpoint, keys["p256dh"], keys["auth"])


@pytest_asyncio.fixture
async def service() -> AsyncIterator[PushService]:
    async with serving() as found:
        found.vapid_key = encoded(point(KEY))
        yield found


async def sent(service: PushService, browser: Browser, key: ec.EllipticCurvePrivateKey = KEY) -> Outcome:
    async with httpx.AsyncClient() as client:
        push = PushSender(key, "mailto:ops@example.org", [service.origin], client)
        return await push.send(
            subscription(browser), b'{"title": "a"}', "topic", timedelta(minutes=3), True, NOW
        )


async def test_a_browser_reads_what_was_pushed_and_the_service_knows_who_pushes(service: PushService) -> None:
    browser = service.browser()
    assert await sent(service, browser) == Sent()
    assert browser.got == [{"title": "a"}]
    [headers] = browser.headers
    assert (headers["ttl"], headers["urgency"], headers["topic"]) == ("180", "high", "topic")
    assert await sent(service, browser, ec.generate_private_key(ec.SECP256R1())) == Refused(
        "the push service answers 403"
    )


async def test_what_the_service_answers_decides(service: PushService) -> None:
    browser = service.browser()
    browser.answers += [
        (404, {}),
        (410, {}),
        (429, {"Retry-After": "7"}),
        (503, {}),
        (307, {"Location": service.browser().endpoint}),
        (413, {}),
    ]
    assert [await sent(service, browser) for _ in range(6)] == [
        Gone(),
        Gone(),
        Later("the push service answers 429", timedelta(seconds=7)),
        Later("the push service answers 503"),
        Refused("the push service answers 307"),
        Refused("the push service answers 413"),
    ]
    assert all(not other.got for other in service.browsers.values())


async def test_a_service_that_is_away_is_tried_again(service: PushService) -> None:
    browser = Browser("http://127.0.0.1:9/push/none")
    async with httpx.AsyncClient() as client:
        push = PushSender(KEY, "mailto:o@example.org", ["http://127.0.0.1:9"], client)
        outcome = await push.send(subscription(browser), b"{}", "t", timedelta(), False, NOW)
    assert isinstance(outcome, Later)


def test_the_example_of_rfc_8291_is_read_by_the_browser_of_these_tests() -> None:
    # given the message of section 5, and the keys of appendix A
    body = data(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz"
        "AC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    number = int.from_bytes(data("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), "big")
    private = ec.derive_private_key(number, ec.SECP256R1())
    plain = decrypted(body, private, data("BTBZMqHH6r4Tts7J_aSIgg"))
    assert plain == b"When I grow up, I want to be a watermelon"


def test_what_is_encrypted_says_nothing_in_clear() -> None:
    browser = Browser("https://fcm.googleapis.com/x")
    body = encrypted("비밀".encode(), subscription(browser))
    assert "비밀".encode() not in body
    assert decrypted(body, browser.private, browser.auth).decode() == "비밀"


@pytest.mark.parametrize(
    ("endpoint", "good"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc", True),
        ("https://web.push.apple.com/abc", True),
        ("https://fcm.googleapis.com:8443/abc", False),
        ("http://fcm.googleapis.com/abc", False),
        ("https://fcm.googleapis.com.evil.test/abc", False),
        ("https://user@fcm.googleapis.com/abc", False),
        ("https://169.254.169.254/latest", False),
        ("http://127.0.0.1:5432/", False),
        ("https://push.apple.com/abc", False),
        ("https://[::1]:port/", False),
        ("", False),
    ],
)
def test_only_push_services_of_the_settings_are_written_to(endpoint: str, good: bool) -> None:
    assert may_push_to(endpoint, Settings().push_hosts.split()) is good


def test_retry_after_is_seconds_or_a_date() -> None:
    at = datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert retry_after("120", at) == timedelta(minutes=2)
    assert retry_after("Sun, 01 Mar 2026 09:00:30 GMT", at) == timedelta(seconds=30)
    assert retry_after("Sun, 01 Mar 2026 08:00:00 GMT", at) == timedelta()
    assert retry_after("soon", at) is None


def test_the_key_is_the_same_at_every_role_and_absent_where_nobody_is_pushed_to() -> None:
    contact = {"push_contact": "mailto:o@example.org", "secret": "one for all roles"}
    assert public_key(Settings(**contact)) == public_key(Settings(**contact))
    assert len(data(public_key(Settings(**contact)))) == 65
    assert public_key(Settings(secret="one for all roles")) == ""
    given = Settings(**contact, vapid_key=encoded((7).to_bytes(32, "big")))
    found = private_key(given)
    assert found is not None
    assert found.private_numbers().private_value == 7
    for bad in ("short", encoded(bytes(32)), "not base64 §"):
        with pytest.raises(BadVapidKey):
            public_key(Settings(**contact, vapid_key=bad))
