"""Commands of accounts and of experts' profiles."""

from uuid import UUID

from commands.account import Account
from commands.desk import Desk
from commands.expert import Expert
from commands.handlers.handling import Answer, Handling, stamp
from commands.refusals import Conflict, Forbidden, NotFound
from schemas.commands import Command
from schemas.commands.account import ChangeProfile, EraseAccount, GrantRole, RegisterAccount
from schemas.commands.expert import SetExpertProfile
from schemas.envelope import Meta
from schemas.events.expert import ExpertProfileSet, Specialty
from schemas.ids import SYSTEM, expert_stream


def register(desk: Desk, command: RegisterAccount, meta: Meta) -> Answer:
    """Everything that could refuse comes before the credentials are kept."""
    if command.role == "operator":
        raise Forbidden("only an operator gives the role of operator", field="role")
    if desk.taken(command.user_id):
        raise Conflict("there is such an account already", field="userId")
    taken = desk.source.claim(
        command.user_id, command.username, command.email, command.password_hash, meta.at
    )
    if taken is not None:
        raise Conflict(f"this {taken} is taken", field=taken)
    account = Account.register(command.user_id, command.role, command.display_name, command.demo, meta)
    desk.add(account)
    return Answer(
        {
            "id": str(command.user_id),
            "username": command.username,
            "email": command.email,
            "role": command.role,
            "displayName": command.display_name,
            "createdAt": stamp(meta.at),
        },
        personal=True,
    )


def change_profile(desk: Desk, command: ChangeProfile, meta: Meta) -> Answer:
    account = must_have_account(desk, meta.actor_id)
    if command.role == "operator" and account.state.role != "operator":
        raise Forbidden("only an operator gives the role of operator", field="role")
    if command.email is not None and not desk.source.change_email(meta.actor_id, command.email):
        raise Conflict("this email is taken", field="email")
    account.change(command.role, command.display_name, meta)
    return _account_answer(account)


def grant_role(desk: Desk, command: GrantRole, meta: Meta) -> Answer:
    """`SYSTEM` is whoever runs the machine, who makes the first operator."""
    if meta.actor_id != SYSTEM and must_have_account(desk, meta.actor_id).state.role != "operator":
        raise Forbidden("only an operator gives roles")
    account = must_have_account(desk, command.user_id)
    account.grant(command.role, meta)
    return _account_answer(account)


def erase_account(desk: Desk, command: EraseAccount, meta: Meta) -> Answer:
    """The key goes in the same transaction as the event comes. An expert's profile is emptied, and takes no offers."""
    account = must_have_account(desk, meta.actor_id)
    account.erase(meta)
    expert = desk.get(Expert, expert_stream(account.id))
    if expert is not None:
        emptied = ExpertProfileSet(
            expert_id=account.id,
            display_name="",
            specialties=(),
            experience_years=0,
            capacity=expert.state.capacity,
            available=False,
            demo=expert.state.demo,
        )
        expert.change(emptied, meta)
    desk.source.erase(account.id, meta.at)
    return Answer()


def set_expert_profile(desk: Desk, command: SetExpertProfile, meta: Meta) -> Answer:
    account = must_have_account(desk, meta.actor_id)
    if not account.answers:
        raise Forbidden("this account only asks; change its role first", field="role")
    profile = ExpertProfileSet(
        expert_id=account.id,
        display_name=account.state.display_name,
        specialties=tuple(Specialty(name=one.name, level=one.level) for one in command.specialties),
        experience_years=command.experience_years,
        bio=command.bio,
        capacity=command.capacity,
        available=command.available,
        demo=account.state.demo,
    )
    expert = desk.get(Expert, expert_stream(account.id))
    if expert is None:
        desk.add(Expert.introduce(profile, meta))
    else:
        expert.change(profile, meta)
    return Answer({"expertId": str(account.id)})


def must_have_account(desk: Desk, user_id: UUID) -> Account:
    """The account of this person, or a refusal."""
    account = desk.get(Account, user_id)
    if account is None or account.state.erased:
        raise NotFound("there is no such account")
    return account


def _account_answer(account: Account) -> Answer:
    state = account.state
    return Answer(
        {"id": str(account.id), "role": state.role, "displayName": state.display_name}, personal=True
    )


HANDLING: dict[type[Command], Handling] = {
    RegisterAccount: Handling(register, lambda command, user: (command.user_id,)),
    ChangeProfile: Handling(change_profile, lambda command, user: (user,)),
    GrantRole: Handling(grant_role, lambda command, user: (user, command.user_id)),
    EraseAccount: Handling(erase_account, lambda command, user: (user, expert_stream(user))),
    SetExpertProfile: Handling(set_expert_profile, lambda command, user: (user, expert_stream(user))),
}
