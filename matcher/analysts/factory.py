"""The analyst that the settings ask for."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

from infra.settings import Settings
from matcher.analysis.categories import BadCategories, CategoryFile, read_categories
from matcher.analysts.contract import Analyst
from matcher.analysts.model import ModelAnalyst
from matcher.analysts.rules import RuleAnalyst
from matcher.encoders.worker import EncoderThread
from matcher.llm.budget import Budget
from matcher.llm.client import HttpModel
from matcher.llm.contract import LanguageModel
from matcher.llm.dialects import DIALECTS
from matcher.llm.guard import Guarded

BUNDLED = Path(__file__).parent.parent / "analysis" / "categories.toml"


class BadModel(ValueError):
    """The settings name no language model that could be asked; the message names the setting and the rule."""


def categories_from(settings: Settings) -> CategoryFile:
    """The operator's categories, or the bundled ones. Raises BadCategories with what is wrong with the file."""
    path = Path(settings.categories) if settings.categories else BUNDLED
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadCategories(f"YEON_CATEGORIES: {path} cannot be read: {error}") from error
    return read_categories(text, str(path))


def check(settings: Settings) -> None:
    """Raises BadCategories or BadModel if the settings cannot make an analyst."""
    categories_from(settings)
    if settings.llm_url and not settings.llm_model:
        raise BadModel("YEON_LLM_MODEL is empty: say which model to ask at YEON_LLM_URL")
    if settings.llm_url and not settings.llm_url.startswith(("http://", "https://")):
        raise BadModel("YEON_LLM_URL must begin with http:// or https://")


DRAFT_SECONDS = 20.0
"""How long an expert waits for a draft, which nobody's match waits for."""


def budget_of(settings: Settings) -> Budget:
    """What all calls of a process may cost together."""
    return Budget(settings.llm_calls_per_hour, settings.llm_tokens_per_hour)


@contextlib.asynccontextmanager
async def make_drafter(settings: Settings, budget: Budget) -> AsyncIterator[LanguageModel | None]:
    """The language model that drafts for experts, with time of its own; none if none is set."""
    if not settings.llm_url:
        yield None
        return
    async with httpx.AsyncClient(timeout=DRAFT_SECONDS) as http:
        yield Guarded(_model(settings, http), budget, DRAFT_SECONDS)


def _model(settings: Settings, http: httpx.AsyncClient) -> HttpModel:
    return HttpModel(
        http,
        DIALECTS[settings.llm_dialect],
        settings.llm_url,
        settings.llm_key.get_secret_value(),
        settings.llm_model,
    )


@contextlib.asynccontextmanager
async def make_analyst(
    settings: Settings, thread: EncoderThread, budget: Budget | None = None
) -> AsyncIterator[Analyst]:
    """Rules, with a language model over them if one is set; ready to be asked. Raises what `check` raises."""
    check(settings)
    rules = RuleAnalyst(thread, categories_from(settings), settings.data_dir / "matcher")
    await rules.open()
    if not settings.llm_url:
        yield rules
        return
    async with httpx.AsyncClient(timeout=settings.llm_seconds) as http:
        guarded = Guarded(_model(settings, http), budget or budget_of(settings), settings.llm_seconds)
        yield ModelAnalyst(rules, guarded)
