"""The gateway's WebSocket by the conformance suite: whatever the bare server gets right, ours does too."""

from concurrent.futures import ThreadPoolExecutor

from bench.conformance import FINE, PROTOCOL, judged

COMPRESSED = ("12.1.1", "12.2.1", "13.1.1", "13.7.1")


def test_what_the_bare_server_gets_right_ours_does_too() -> None:
    # given every case of the protocol, and some of its compression
    cases = (*PROTOCOL, *COMPRESSED)

    # when the bare server and our gateway's WebSocket are asked
    with ThreadPoolExecutor() as pool:
        asked = [pool.submit(judged, *flags, only=cases) for flags in ((), ("--ours",))]
        bare, ours = (one.result() for one in asked)

    # then nothing is worse
    assert len(bare) > 240
    assert ours.keys() == bare.keys()
    worse = {case: word for case, word in ours.items() if word not in FINE and bare[case] in FINE}
    assert not worse, worse
    assert sum(word == "OK" for word in ours.values()) >= sum(word == "OK" for word in bare.values())
