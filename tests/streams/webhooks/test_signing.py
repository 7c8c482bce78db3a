"""Signatures are those of Standard Webhooks."""

import pytest

from streams.webhooks.signing import BadSecret, headers, read, written


def test_the_example_of_the_specification() -> None:
    secret = read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    found = headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', [secret])
    assert found == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_every_secret_signs() -> None:
    old, new = b"o" * 32, b"n" * 32
    both = headers("e", 1, b"x", [new, old])["webhook-signature"].split(" ")
    assert both == [headers("e", 1, b"x", [one])["webhook-signature"] for one in (new, old)]


@pytest.mark.parametrize("text", ["whsec_!", "whsec_c2hvcnQ=", ""])
def test_what_is_no_secret_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(BadSecret) as refused:
        read(text)
    assert not text or text not in str(refused.value)
    assert read(written(b"s" * 24)) == b"s" * 24
