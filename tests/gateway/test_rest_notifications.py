"""How one is told while away, over REST, and the way out of mail without signing in."""

import os
import re
from base64 import urlsafe_b64encode
from urllib.parse import urljoin

from cryptography.hazmat.primitives.asymmetric import ec

from infra.notifications import Notifications
from infra.secret import derived_key
from infra.unsubscribing import PURPOSE, off_token
from infra.vapid import encoded, point
from tests.gateway.conftest import World


async def test_what_is_chosen_is_kept_and_the_rest_stays(world: World) -> None:
    person = await world.person()
    found = (await person.rest.get("/users/notifications")).json()
    assert found == {
        "mail": True,
        "push": True,
        "preview": False,
        "language": "ko",
        "timeZone": "Asia/Seoul",
        "quietFrom": None,
        "quietTo": None,
    }
    quiet = {"quietFrom": "22:00:00", "quietTo": "08:00:00", "timeZone": "Europe/Berlin"}
    await person.rest.put("/users/notifications", json=quiet)
    changed = await person.rest.put("/users/notifications", json={"preview": True})
    assert changed.json() == {**found, **quiet, "preview": True}
    ended = await person.rest.put("/users/notifications", json={"quietFrom": None, "quietTo": None})
    assert ended.json()["quietFrom"] is None


async def test_what_means_nothing_is_refused_by_name(world: World) -> None:
    person = await world.person()
    for bad in (
        {"timeZone": "Mars/Olympus"},
        {"timeZone": "../etc/passwd"},
        {"quietFrom": "22:00"},
        {"quietFrom": "22:00+01:00", "quietTo": "08:00"},
        {"language": "fr"},
        {"mails": True},
    ):
        answer = await person.rest.put("/users/notifications", json=bad)
        assert answer.status_code == 422, bad


async def test_mail_ends_with_one_press_without_signing_in_but_not_by_looking(world: World) -> None:
    person = await world.person()
    token = off_token(person.id, derived_key(world.settings, PURPOSE))
    stranger = (await world.person()).rest
    del stranger.headers["Authorization"]
    link = f"http://yeon.test/mail-off/{token}"

    asked = await stranger.get(link)
    assert asked.status_code == 200
    linked = re.findall(r'(?:href|src)="([^"]+)"', asked.text)
    assert {(await stranger.get(urljoin(link, one))).status_code for one in linked} == {200}, (
        "it looks like the rest"
    )
    assert (await person.rest.get("/users/notifications")).json()["mail"] is True
    pressed = await stranger.post(link, data={"List-Unsubscribe": "One-Click"})
    assert pressed.status_code == 200
    assert (await person.rest.get("/users/notifications")).json()["mail"] is False

    # and no other token ends it, nor does this one sign anybody in
    for other in (person.tokens["accessToken"], token[:-4] + "AAAA", off_token(person.id, os.urandom(32))):
        assert (await stranger.post(f"http://yeon.test/mail-off/{other}")).status_code == 404
    signed = {"Authorization": f"Bearer {token}"}
    assert (await stranger.get("/users/notifications", headers=signed)).status_code == 401


async def test_only_a_browser_at_a_push_service_is_pushed_to(world: World) -> None:
    person = await world.person()
    keys = {
        "p256dh": encoded(point(ec.generate_private_key(ec.SECP256R1()))),
        "auth": urlsafe_b64encode(os.urandom(16)).decode(),
    }
    path = "/users/push-subscriptions"
    assert (await person.rest.get("/config")).json()["pushKey"] == ""
    good = {"endpoint": "https://fcm.googleapis.com/fcm/send/a", "keys": keys, "expirationTime": None}
    assert (await person.rest.post(path, json=good)).status_code == 409

    services = world.gateway.services
    object.__setattr__(
        services, "settings", services.settings.model_copy(update={"push_contact": "mailto:o@yeon.test"})
    )
    assert len((await person.rest.get("/config")).json()["pushKey"]) == 87
    for bad in (
        good | {"endpoint": "http://169.254.169.254/latest"},
        good | {"keys": {**keys, "p256dh": encoded(bytes(65))}},
        good | {"keys": {**keys, "auth": "AAAA"}},
    ):
        assert (await person.rest.post(path, json=bad)).status_code == 422, bad
    assert (await person.rest.post(path, json=good)).status_code == 201
    body = {"endpoint": good["endpoint"]}
    assert (await person.rest.request("DELETE", path, json=body)).status_code == 204


async def test_signing_out_everywhere_ends_all_pushes(world: World) -> None:
    person = await world.person()
    kept = Notifications(world.gateway.services.pool)
    await kept.subscribe(person.id, f"https://fcm.googleapis.com/fcm/send/{person.id}", "p", "a")
    found = await kept.address(person.id)
    assert found is not None
    assert len(found.subscriptions) == 1

    assert (await person.rest.post("/auth/logout", json={})).status_code == 204

    found = await kept.address(person.id)
    assert found is not None
    assert found.subscriptions == ()
