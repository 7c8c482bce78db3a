"""Accounts: who may be what, and whose a name is."""

from uuid import uuid4

import pytest

from commands.account import Account
from commands.refusals import Conflict, Forbidden, NotFound
from schemas.commands.account import ChangeProfile, GrantRole, RegisterAccount
from schemas.events.account import AccountProfileChanged, AccountRegistered
from schemas.ids import SYSTEM
from tests.commands.deciding import World


def registration(**changes: object) -> RegisterAccount:
    given: dict[str, object] = {
        "user_id": uuid4(),
        "username": "jimin",
        "email": "jimin@example.org",
        "password_hash": "$argon2id$secret",
        "role": "questioner",
        "display_name": "지민",
    }
    return RegisterAccount.model_validate(given | changes)


def test_registering_says_nothing_of_the_credentials(world: World) -> None:
    command = registration()
    (said,) = world.said(command.user_id, command)
    assert said == AccountRegistered(user_id=command.user_id, role="questioner", display_name="지민")
    assert "secret" not in said.model_dump_json()
    assert "example.org" not in said.model_dump_json()


def test_nobody_registers_as_an_operator(world: World) -> None:
    with pytest.raises(Forbidden, match="operator"):
        world.do(SYSTEM, registration(role="operator"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"email": "other@example.org"}, "username"), ({"username": "other"}, "email")],
)
def test_a_name_and_an_email_are_one_persons(world: World, changes: dict[str, str], field: str) -> None:
    world.do(SYSTEM, registration())
    with pytest.raises(Conflict) as refused:
        world.do(SYSTEM, registration(**changes))
    assert refused.value.field == field


def test_an_account_is_registered_once(world: World) -> None:
    first = registration()
    world.do(SYSTEM, first)
    with pytest.raises(Conflict):
        world.do(SYSTEM, registration(user_id=first.user_id, username="other", email="other@example.org"))


def test_a_changed_name_is_an_event_and_the_same_one_is_none(world: World) -> None:
    user = world.person(name="지민")
    assert world.said(user, ChangeProfile(display_name="지민이")) == [
        AccountProfileChanged(user_id=user, role="questioner", display_name="지민이")
    ]
    assert world.said(user, ChangeProfile(display_name="지민이")) == []
    assert world.said(user, ChangeProfile(email="new@example.org")) == []


def test_an_email_of_another_is_refused_and_the_name_stays(world: World) -> None:
    world.do(SYSTEM, registration())
    user = world.person(name="하린")
    with pytest.raises(Conflict) as refused:
        world.do(user, ChangeProfile(email="jimin@example.org", display_name="새 이름"))
    assert refused.value.field == "email"
    account = world.memory.aggregates[user]
    assert isinstance(account, Account)
    assert account.state.display_name == "하린"


def test_nobody_makes_themselves_an_operator(world: World) -> None:
    user = world.person()
    with pytest.raises(Forbidden):
        world.do(user, ChangeProfile(role="operator"))
    with pytest.raises(Forbidden):
        world.do(user, GrantRole(user_id=user, role="operator"))


def test_an_operator_gives_roles(world: World) -> None:
    operator, user = world.person(), world.person()
    world.do(SYSTEM, GrantRole(user_id=operator, role="operator"))
    (said,) = world.said(operator, GrantRole(user_id=user, role="operator"))
    assert isinstance(said, AccountProfileChanged)
    assert said.role == "operator"


def test_a_profile_of_nobody_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.do(uuid4(), ChangeProfile(display_name="누구"))
