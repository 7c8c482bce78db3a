"""The demo people: made through the commands, and made once."""

from argon2 import PasswordHasher

from commands.seed import seed
from infra.demo.people import DEMO_PASSWORD, EXPERTS, PEOPLE
from tests.commands.writing import Writer, assert_gapless, rows


async def test_making_the_demo_people_twice_makes_them_once(writer: Writer, store: str) -> None:
    assert await seed(writer.commands) == len(PEOPLE)
    head = assert_gapless(store)
    assert await seed(writer.commands) == len(PEOPLE)

    assert assert_gapless(store) == head == len(PEOPLE) + len(EXPERTS)
    accounts = rows(store, "SELECT username, password_hash FROM store.credentials")
    assert {username for username, _ in accounts} == {person.username for person in PEOPLE}
    (password_hash,) = {password_hash for _, password_hash in accounts}
    assert PasswordHasher().verify(password_hash, DEMO_PASSWORD)
