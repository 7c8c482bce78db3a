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


@contextlib.asynccontextmanager
async def make_analyst(settings: Settings, thread: EncoderThread) -> AsyncIterator[Analyst]:
    """Rules, with a language model over them if one is set; ready to be asked. Raises what `check` raises."""
    check(settings)
    rules = RuleAnalyst(thread, categories_from(settings))
    await rules.open()
    if not settings.llm_url:
        yield rules
        return
    async with httpx.AsyncClient(timeout=settings.llm_seconds) as http:
        inside = HttpModel(
            http,
            DIALECTS[settings.llm_dialect],
            settings.llm_url,
            settings.llm_key.get_secret_value(),
            settings.llm_model,
        )
        budget = Budget(settings.llm_calls_per_hour, settings.llm_tokens_per_hour)
        yield ModelAnalyst(rules, Guarded(inside, budget, settings.llm_seconds))
