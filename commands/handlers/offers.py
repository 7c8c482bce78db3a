"""Offers: the matcher's ranking, and what experts and the clock make of it."""

from uuid import UUID

from commands.account import Account
from commands.desk import Desk
from commands.expert import Expert
from commands.handlers.handling import Answer, Handling, must_be_system
from commands.handlers.questions import must_have_question, status_answer
from commands.question import Question
from commands.refusals import OfferNotOpen
from commands.room import Room
from schemas.commands import Command
from schemas.commands.question import (
    AcceptOffer,
    DeclineOffer,
    ExpireOffer,
    GoOnWithout,
    OfferCandidates,
    ServeWaiting,
)
from schemas.envelope import Meta
from schemas.events.question import Candidate
from schemas.events.room import Member
from schemas.ids import expert_stream, room_of


def offer_candidates(desk: Desk, command: OfferCandidates, meta: Meta) -> Answer:
    """Offers to the best who may and can; an answer to another round than the one waited for changes nothing."""
    must_be_system(meta)
    question = must_have_question(desk, command.question_id)
    if question.awaits(command.round):
        ids = [one.expert_id for one in command.candidates]
        desk.fetch([*ids, *(expert_stream(id_) for id_ in ids)])
        ranking = [named for one in command.candidates if (named := _eligible(desk, question, one))]
        ranking = list({one.expert_id: one for one in reversed(ranking)}.values())[::-1]
        free = [one.expert_id for one in ranking]
        question.offer(ranking, free, command.model, desk.rules, meta, command.analysis)
    return status_answer(question)


def accept(desk: Desk, command: AcceptOffer, meta: Meta) -> Answer:
    """The first acceptance opens the room, later ones join it; capacity is checked before anything is said."""
    question = must_have_question(desk, command.question_id)
    expert_id, room_id = meta.actor_id, room_of(question.id)
    if expert_id not in question.state.accepted:
        question.must_be_offered(expert_id, meta.at)
        expert = desk.get(Expert, expert_stream(expert_id))
        if expert is None:
            raise OfferNotOpen("you have no open offer of this question")
        expert.check_room_for(question.id)
        member = Member(user_id=expert_id, user_name=desk.name_of(expert_id), role="expert")
        room = desk.get(Room, room_id)
        expert.engage(question.id, meta)
        question.accept(expert_id, desk.rules, meta)
        if room is None:
            asker_id = question.state.asker_id
            asker = Member(user_id=asker_id, user_name=desk.name_of(asker_id), role="asker")
            desk.add(Room.open(room_id, question.id, asker_id, (asker, member), meta))
        else:
            room.join(member, None, meta)
    return Answer({"questionId": str(question.id), "roomId": str(room_id), "status": question.state.status})


def decline(desk: Desk, command: DeclineOffer, meta: Meta) -> Answer:
    question = must_have_question(desk, command.question_id)
    question.decline(meta.actor_id, meta)
    _go_on(desk, question, meta)
    return status_answer(question)


def expire(desk: Desk, command: ExpireOffer, meta: Meta) -> Answer:
    must_be_system(meta)
    question = must_have_question(desk, command.question_id)
    before = question.version
    question.expire(command.expert_id, command.round, meta)
    if question.version > before:
        _go_on(desk, question, meta)
    return status_answer(question)


def go_on_without(desk: Desk, command: GoOnWithout, meta: Meta) -> Answer:
    """An expert who spoke, or whose time is not up, is left alone."""
    must_be_system(meta)
    question = must_have_question(desk, command.question_id)
    room = desk.get(Room, room_of(question.id))
    silent = room is not None and not room.has_spoken(command.expert_id)
    if silent and question.go_on_without(command.expert_id, desk.rules, meta):
        _go_on(desk, question, meta)
    return status_answer(question)


def serve_waiting(desk: Desk, command: ServeWaiting, meta: Meta) -> Answer:
    """Nothing happens if the question waits no more, or if this expert may not or cannot be offered it by now."""
    must_be_system(meta)
    question = must_have_question(desk, command.question_id)
    if question.state.waits_since(command.round) and _eligible(
        desk, question, Candidate(expert_id=command.expert_id, score=0)
    ):
        question.retry(meta)
    return status_answer(question)


def _go_on(desk: Desk, question: Question, meta: Meta) -> None:
    if question.wants_substitute:
        bench = [one.expert_id for one in question.state.bench]
        desk.fetch([expert_stream(id_) for id_ in bench])
        substitute = next((id_ for id_ in bench if _takes_offers(desk, id_)), None)
        question.go_on(substitute, desk.rules, meta)


def _eligible(desk: Desk, question: Question, one: Candidate) -> Candidate | None:
    """The candidate by name, if this expert may and can be offered the question."""
    state = question.state
    account = desk.get(Account, one.expert_id)
    if account is None or not account.answers:
        return None
    if one.expert_id == state.asker_id or one.expert_id in state.asked:
        return None
    if account.state.demo and not state.demo:
        return None
    if not _takes_offers(desk, one.expert_id):
        return None
    return one.model_copy(update={"display_name": account.state.display_name})


def _takes_offers(desk: Desk, expert_id: UUID) -> bool:
    expert = desk.get(Expert, expert_stream(expert_id))
    return expert is not None and expert.takes_offers


def _of_question(command: OfferCandidates | ExpireOffer | DeclineOffer, user: UUID) -> tuple[UUID, ...]:
    return (command.question_id,)


HANDLING: dict[type[Command], Handling] = {
    OfferCandidates: Handling(offer_candidates, _of_question),
    AcceptOffer: Handling(
        accept,
        lambda command, user: (command.question_id, room_of(command.question_id), user, expert_stream(user)),
    ),
    DeclineOffer: Handling(decline, _of_question),
    ExpireOffer: Handling(expire, _of_question),
    ServeWaiting: Handling(
        serve_waiting,
        lambda command, user: (command.question_id, command.expert_id, expert_stream(command.expert_id)),
    ),
    GoOnWithout: Handling(
        go_on_without, lambda command, user: (command.question_id, room_of(command.question_id))
    ),
}
