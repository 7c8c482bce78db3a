"""The figures of the domain that an operator may set."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from infra.settings import Settings
from schemas.base import Urgency


@dataclass(frozen=True, slots=True)
class Rules:
    """How offers are made and how long things stay possible."""

    offers_at_once: int
    acceptances: int
    """How many experts may accept one question."""
    rounds: int
    """How often the matcher is asked before a question is unmatched."""
    offer_lifetimes: Mapping[Urgency, timedelta]
    reopen_within: timedelta


def rules_of(settings: Settings) -> Rules:
    """The rules that `settings` give."""
    urgencies: tuple[Urgency, ...] = ("low", "medium", "high")
    return Rules(
        offers_at_once=settings.offers_at_once,
        acceptances=settings.acceptances,
        rounds=settings.rounds,
        offer_lifetimes={urgency: settings.offer_lifetime(urgency) for urgency in urgencies},
        reopen_within=timedelta(days=settings.reopen_days),
    )
