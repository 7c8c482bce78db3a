"""The question aggregate: from being asked, over offers in rounds, to its end. Its stream is the question id.

It keeps the matcher's whole ranking, so that a decline or an expiry brings the next candidate in the same append.
Waiting for the matcher is the status `pending`, or `looking` while a room is open in which every expert is silent; a
ranking for another round than the one waited for changes nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal, cast
from uuid import UUID

from commands.question_state import QuestionState, remembered
from commands.refusals import Conflict, Forbidden, Invalid, OfferNotOpen
from commands.rules import Rules
from commands.sourced import Sourced, State
from schemas.base import EventData, QuestionStatus, Urgency
from schemas.envelope import Meta
from schemas.events.question import (
    Candidate,
    ExpertRated,
    ExpertSilent,
    InboxFrame,
    ModelRef,
    Offer,
    OfferAccepted,
    OfferDeclined,
    OffersExpired,
    OffersWithdrawn,
    QuestionAnalysis,
    QuestionAsked,
    QuestionCancelled,
    QuestionEdited,
    QuestionMatched,
    QuestionOffered,
    QuestionReopened,
    QuestionResolved,
    QuestionShared,
    QuestionUnmatched,
    RoundRequested,
    Told,
)
from schemas.ids import room_of


class Question(Sourced):
    """One question."""

    NAME: ClassVar[str] = "question"
    STATE: ClassVar[type[State]] = QuestionState
    ORDER: ClassVar[int] = 2

    @property
    def state(self) -> QuestionState:
        """What is remembered."""
        return cast(QuestionState, self._state)

    @classmethod
    def ask(cls, asked: QuestionAsked, meta: Meta) -> "Question":
        """A new question; the matcher takes up round 1."""
        return cls.begin(asked.question_id, asked, meta)

    # The matcher's answer, and what follows when offers end

    def awaits(self, round_number: int) -> bool:
        """Whether the matcher's ranking for this round is wanted."""
        return (self.state.status == "pending" or self.state.looking) and self.state.round == round_number

    def offer(
        self,
        ranking: Sequence[Candidate],
        free: Sequence[UUID],
        model: ModelRef,
        rules: Rules,
        meta: Meta,
        analysis: QuestionAnalysis | None = None,
    ) -> None:
        """Offer the question to the first of `ranking` who are `free`; the others stay on the bench."""
        first = [candidate for candidate in ranking if candidate.expert_id in free][: rules.offers_at_once]
        if not first:
            self._search_on(rules, meta)
            return
        offers = self._offers_to(first, rules, meta)
        in_progress = self.state.status == "in_progress"
        data = QuestionMatched(
            **self._about(),
            round=self.state.round,
            model=model,
            candidates=tuple(ranking),
            offers=offers,
            analysis=analysis,
            in_progress=in_progress,
            told=(
                *_told("question_assigned", (offer.expert_id for offer in offers)),
                *_told("expert_matched", [self.state.asker_id]),
                *_told("question_status", [] if in_progress else [self.state.asker_id]),
            ),
        )
        self.say(data, meta)

    def open_offer(self, expert_id: UUID) -> Offer | None:
        """The open offer to this expert, if there is one; it may be past its deadline."""
        return next((offer for offer in self.state.offers if offer.expert_id == expert_id), None)

    def must_be_offered(self, expert_id: UUID, at: datetime) -> Offer:
        """The open offer to this expert within its deadline, or a refusal."""
        offer = self.open_offer(expert_id)
        if offer is None or at >= offer.expires_at:
            raise OfferNotOpen("you have no open offer of this question")
        return offer

    def accept(self, expert_id: UUID, rules: Rules, meta: Meta) -> bool:
        """An expert takes the question; true for the first one."""
        offer = self.must_be_offered(expert_id, meta.at)
        first = not self.state.accepted
        data = OfferAccepted(
            **self._ids(),
            expert_id=expert_id,
            room_id=room_of(self.id),
            first=first,
            offered_at=offer.offered_at,
            told=_told("question_status", [self.state.asker_id] if first else []),
        )
        self.say(data, meta)
        if len(set(self.state.accepted) - set(self.state.silent)) >= rules.acceptances:
            self._withdraw("taken", meta)
        return first

    def decline(self, expert_id: UUID, meta: Meta) -> None:
        """An expert does not take the question. `go_on` afterwards."""
        offer = self.must_be_offered(expert_id, meta.at)
        self.say(OfferDeclined(**self._ids(), expert_id=expert_id, offered_at=offer.offered_at), meta)

    def expire(self, expert_id: UUID, round_number: int, meta: Meta) -> None:
        """The clock ends an offer; nothing happens before its deadline. `go_on` afterwards."""
        offer = self.open_offer(expert_id)
        if offer is None or offer.round != round_number or meta.at < offer.expires_at:
            return
        data = OffersExpired(**self._ids(), expert_ids=(expert_id,), told=_told("offer_closed", [expert_id]))
        self.say(data, meta)

    def go_on_without(self, expert_id: UUID, rules: Rules, meta: Meta) -> bool:
        """An expert who accepted said nothing; true if it was time, and `go_on` follows. As long as for an offer is given."""
        state = self.state
        since = state.accepted_at.get(expert_id)
        if state.status != "in_progress" or since is None or expert_id in state.silent:
            return False
        if meta.at < since + rules.offer_lifetimes[state.urgency]:
            return False
        self.say(ExpertSilent(**self._ids(), expert_id=expert_id, accepted_at=since), meta)
        return True

    @property
    def wants_substitute(self) -> bool:
        """Whether an offer that ended should be followed by the next candidate: nobody accepted, or all are silent."""
        waiting = set(self.state.accepted) <= set(self.state.silent)
        return self.state.status == "matched" or (self.state.status == "in_progress" and waiting)

    def go_on(self, substitute: UUID | None, rules: Rules, meta: Meta) -> None:
        """After an offer ended: offer to `substitute` from the bench; with nobody left, search wider or give up."""
        if not self.wants_substitute:
            return
        if substitute is not None:
            chosen = [one for one in self.state.bench if one.expert_id == substitute]
            offers = self._offers_to(chosen, rules, meta)
            told = _told("question_assigned", [substitute])
            if self.state.status == "in_progress":
                told += _told("expert_matched", [self.state.asker_id])
            self.say(QuestionOffered(**self._about(), round=self.state.round, offers=offers, told=told), meta)
        elif not self.state.offers and not self.state.looking:
            self._search_on(rules, meta)

    # What the asker decides

    def must_be_asked_by(self, user_id: UUID) -> None:
        """Refuses if it is not this person's question."""
        if user_id != self.state.asker_id:
            raise Forbidden("only the asker of a question does this")

    def edit(self, content: str, category: str | None, urgency: Urgency, meta: Meta) -> None:
        """Other words, before anyone accepted. Open offers stay, and those who have one are told; the ranking stays."""
        self._must_be("pending", "matched", "unmatched")
        now = {"content": content, "category": category, "urgency": urgency}
        if now == {name: getattr(self.state, name) for name in now}:
            return
        told = _told("question_assigned", (offer.expert_id for offer in self.state.offers))
        about = {**self._about(), **now}
        self.say(QuestionEdited(**about, offers=self.state.offers, told=told), meta)

    def retry(self, meta: Meta) -> None:
        """Have an unmatched question matched again: the asker wants it, or somebody has become free."""
        self._must_be("unmatched")
        self._request_round(meta, retried=True)

    def resolve(self, tell: Sequence[UUID], meta: Meta) -> None:
        """The asker has what they needed; `tell` are the experts in the room."""
        self._must_be("in_progress")
        self._withdraw("withdrawn", meta)
        self.say(QuestionResolved(**self._ids(), told=self._status_told(tell)), meta)

    def reopen(self, tell: Sequence[UUID], rules: Rules, meta: Meta) -> None:
        """The asker goes on with a resolved question, if it is not too late."""
        self._must_be("resolved")
        ended = self.state.resolved_at
        if ended is None or meta.at - ended > rules.reopen_within:
            raise Conflict("the question was resolved too long ago")
        self.say(QuestionReopened(**self._ids(), told=self._status_told(tell)), meta)

    def cancel(self, tell: Sequence[UUID], meta: Meta) -> None:
        """The asker withdraws the question."""
        self._must_be("pending", "matched", "unmatched", "in_progress")
        self._withdraw("withdrawn", meta)
        self.say(QuestionCancelled(**self._ids(), told=self._status_told(tell)), meta)

    def rate(self, expert_id: UUID, stars: int, comment: str, meta: Meta) -> None:
        """The asker rates an expert who took part; a later rating replaces the earlier one."""
        self._must_be("resolved")
        if expert_id not in self.state.accepted:
            raise Invalid("this expert did not take part", field="expertId")
        data = ExpertRated(
            **self._ids(),
            expert_id=expert_id,
            stars=stars,
            previous_stars=self.state.stars.get(expert_id),
            comment=comment,
        )
        self.say(data, meta)

    # What everybody who took part decides for themselves

    def share(self, user_id: UUID, shared: bool, meta: Meta) -> None:
        """Let the archive have one's words of the conversation, or take that back."""
        self._must_be("in_progress", "resolved")
        if user_id != self.state.asker_id and user_id not in self.state.accepted:
            raise Forbidden("only the asker and the experts who accepted decide about their words")
        if shared != (user_id in self.state.shared):
            self.say(QuestionShared(**self._ids(), user_id=user_id, shared=shared), meta)

    # Within

    def when(self, data: EventData, at: datetime) -> None:
        if isinstance(data, QuestionAsked):
            self.remember(QuestionState.of(data))
        else:
            remembered(self.state, data, at)

    def _must_be(self, *allowed: QuestionStatus) -> None:
        if self.state.status not in allowed:
            raise Conflict(f"the question is {self.state.status}", field="status")

    def _ids(self) -> dict[str, Any]:
        return {"question_id": self.id, "asker_id": self.state.asker_id}

    def _about(self) -> dict[str, Any]:
        state = self.state
        about = {"content": state.content, "category": state.category, "urgency": state.urgency}
        return {**self._ids(), **about, "demo": state.demo}

    def _status_told(self, others: Sequence[UUID]) -> tuple[Told, ...]:
        return _told("question_status", [self.state.asker_id, *others])

    def _offers_to(self, chosen: Sequence[Candidate], rules: Rules, meta: Meta) -> tuple[Offer, ...]:
        until = meta.at + rules.offer_lifetimes[self.state.urgency]
        return tuple(
            Offer(
                expert_id=one.expert_id,
                display_name=one.display_name,
                score=one.score,
                reasons=one.reasons,
                round=self.state.round,
                offered_at=meta.at,
                expires_at=until,
            )
            for one in chosen
        )

    def _withdraw(self, reason: Literal["taken", "withdrawn"], meta: Meta) -> None:
        ids = tuple(offer.expert_id for offer in self.state.offers)
        if ids:
            told = _told("offer_closed", ids)
            self.say(OffersWithdrawn(**self._ids(), expert_ids=ids, reason=reason, told=told), meta)

    def _search_on(self, rules: Rules, meta: Meta) -> None:
        tried = self.state.round - self.state.rounds_before
        if tried < rules.rounds:
            self._request_round(meta, retried=False)
        elif self.state.status != "in_progress":
            told = _told("question_status", [self.state.asker_id])
            self.say(QuestionUnmatched(**self._ids(), rounds=self.state.round, told=told), meta)

    def _request_round(self, meta: Meta, *, retried: bool) -> None:
        in_progress = self.state.status == "in_progress"
        changed = retried or self.state.status not in ("pending", "in_progress")
        told = _told("question_status", [self.state.asker_id] if changed else [])
        about = {**self._about(), "round": self.state.round + 1, "in_progress": in_progress, "told": told}
        self.say(RoundRequested(**about, excluded=self.state.asked), meta)


def _told(frame: InboxFrame, user_ids: "Sequence[UUID] | Any") -> tuple[Told, ...]:
    return tuple(Told(user_id=user_id, frame=frame) for user_id in user_ids)
