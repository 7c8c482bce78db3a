"""What the asker of a question decides."""

from uuid import UUID

from commands.desk import Desk
from commands.expert import Expert
from commands.handlers.accounts import must_have_account
from commands.handlers.handling import Answer, Handling, stamp
from commands.question import Question
from commands.refusals import Conflict, Forbidden, NotFound
from commands.room import Room
from schemas.commands import Command
from schemas.commands.question import (
    AskQuestion,
    CancelQuestion,
    EditQuestion,
    RateExpert,
    ReopenQuestion,
    ResolveQuestion,
    RetryMatching,
    ShareConversation,
)
from schemas.envelope import Meta
from schemas.events.question import QuestionAsked
from schemas.ids import expert_stream, room_of


def ask(desk: Desk, command: AskQuestion, meta: Meta) -> Answer:
    asker = must_have_account(desk, meta.actor_id)
    if not asker.asks:
        raise Forbidden("this account only answers; change its role first", field="role")
    if desk.taken(command.question_id):
        raise Conflict("there is such a question already", field="questionId")
    asked = QuestionAsked(
        question_id=command.question_id,
        asker_id=asker.id,
        asker_name=asker.state.display_name,
        content=command.content,
        category=command.category,
        urgency=command.urgency,
        demo=asker.state.demo,
    )
    question = Question.ask(asked, meta)
    desk.add(question)
    return Answer(
        {
            "id": str(command.question_id),
            "userId": str(asker.id),
            "content": command.content,
            "category": command.category,
            "urgency": command.urgency,
            "status": question.state.status,
            "createdAt": stamp(meta.at),
            "version": question.version,
        },
        personal=True,
    )


def edit(desk: Desk, command: EditQuestion, meta: Meta) -> Answer:
    question = _own_question(desk, command.question_id, meta)
    question.edit(command.content, command.category, command.urgency, meta)
    return status_answer(question)


def retry(desk: Desk, command: RetryMatching, meta: Meta) -> Answer:
    question = _own_question(desk, command.question_id, meta)
    question.retry(meta)
    return status_answer(question)


def resolve(desk: Desk, command: ResolveQuestion, meta: Meta) -> Answer:
    question = _own_question(desk, command.question_id, meta)
    question.resolve(_experts_in(desk, question), meta)
    _end(desk, question, "resolved", meta)
    return status_answer(question)


def cancel(desk: Desk, command: CancelQuestion, meta: Meta) -> Answer:
    question = _own_question(desk, command.question_id, meta)
    question.cancel(_experts_in(desk, question), meta)
    _end(desk, question, "cancelled", meta)
    return status_answer(question)


def reopen(desk: Desk, command: ReopenQuestion, meta: Meta) -> Answer:
    """The same room opens again, and the experts who are still in it are engaged again."""
    question = _own_question(desk, command.question_id, meta)
    staying = _experts_in(desk, question)
    question.reopen(staying, desk.rules, meta)
    room = desk.get(Room, room_of(question.id))
    if room is not None:
        room.reopen(meta)
    for expert_id in staying:
        expert = desk.get(Expert, expert_stream(expert_id))
        if expert is not None and expert_id in question.state.accepted:
            expert.engage(question.id, meta)
    return status_answer(question)


def rate(desk: Desk, command: RateExpert, meta: Meta) -> Answer:
    question = _own_question(desk, command.question_id, meta)
    question.rate(command.expert_id, command.stars, command.comment, meta)
    return Answer(
        {"questionId": str(question.id), "expertId": str(command.expert_id), "stars": command.stars}
    )


def share(desk: Desk, command: ShareConversation, meta: Meta) -> Answer:
    question = must_have_question(desk, command.question_id)
    question.share(meta.actor_id, command.shared, meta)
    return Answer({"questionId": str(question.id), "shared": command.shared})


def must_have_question(desk: Desk, question_id: UUID) -> Question:
    """The question, or a refusal."""
    question = desk.get(Question, question_id)
    if question is None:
        raise NotFound("there is no such question")
    return question


def status_answer(question: Question) -> Answer:
    """Where the question stands now."""
    return Answer(
        {"questionId": str(question.id), "status": question.state.status, "version": question.version}
    )


def _own_question(desk: Desk, question_id: UUID, meta: Meta) -> Question:
    question = must_have_question(desk, question_id)
    question.must_be_asked_by(meta.actor_id)
    return question


def _experts_in(desk: Desk, question: Question) -> list[UUID]:
    room = desk.get(Room, room_of(question.id))
    return [m.user_id for m in room.state.members if m.role == "expert"] if room else []


def _end(desk: Desk, question: Question, how: "str", meta: Meta) -> None:
    """The room closes, and everyone who was engaged is free again."""
    room = desk.get(Room, room_of(question.id))
    if room is not None:
        room.close("resolved" if how == "resolved" else "cancelled", meta)
    for expert_id in question.state.accepted:
        expert = desk.get(Expert, expert_stream(expert_id))
        if expert is not None:
            expert.release(question.id, meta)


def _needs(
    command: "EditQuestion | RetryMatching | ResolveQuestion | CancelQuestion | ShareConversation", user: UUID
) -> tuple[UUID, ...]:
    return command.question_id, room_of(command.question_id)


HANDLING: dict[type[Command], Handling] = {
    AskQuestion: Handling(ask, lambda command, user: (user, command.question_id)),
    EditQuestion: Handling(edit, _needs),
    RetryMatching: Handling(retry, _needs),
    ResolveQuestion: Handling(resolve, _needs),
    CancelQuestion: Handling(cancel, _needs),
    ReopenQuestion: Handling(reopen, _needs),
    RateExpert: Handling(rate, _needs),
    ShareConversation: Handling(share, _needs),
}
