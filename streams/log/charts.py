"""The figures of the ready queries as charts, for the report and the notebook: SVG whose text stays text."""

import io
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

Rows = Sequence[dict[str, Any]]
COLOR, SECOND, GREY = "#2f6f6a", "#d98f3d", "#b8c4c2"


@dataclass(frozen=True, slots=True)
class Chart:
    """A ready query, the title of its chart, and how it is drawn."""

    query: str
    title: str
    draw: Callable[[Rows], Figure]


def _figure(wide: float = 7.2, high: float = 3.0) -> tuple[Figure, Any]:
    figure = Figure(figsize=(wide, high), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def bars(rows: Rows, label: str, value: str, unit: str, *, most: int = 20) -> Figure:
    """Horizontal bars of `value` for each `label`, at most `most`, the first at the top."""
    shown = list(rows)[:most][::-1]
    figure, axes = _figure(high=max(1.6, 0.34 * len(shown) + 0.7))
    drawn = axes.barh(
        [str(row[label])[:24] for row in shown], [row[value] or 0 for row in shown], color=COLOR
    )
    axes.bar_label(
        drawn, fmt=lambda number: f"{number:,.3g}" if number < 1_000 else f"{number:,.0f}", padding=3
    )
    axes.set_xlabel(unit)
    return figure


def _by_hour(rows: Rows) -> Figure:
    figure, axes = _figure()
    hours = [row["hour"] for row in rows]
    axes.bar(hours, [row["questions"] for row in rows], color=GREY, label="questions")
    axes.set_xlabel("hour of the day in Seoul")
    axes.set_ylabel("questions")
    seconds = axes.twinx()
    for name, color in (("to_match", COLOR), ("to_acceptance", SECOND)):
        values = [float("nan") if row[name] is None else row[name] for row in rows]
        seconds.plot(hours, values, color=color, marker="o", ms=3, label=name.replace("_", " "))
    seconds.set_ylabel("seconds (median)")
    seconds.set_yscale("log")
    figure.legend(loc="outside upper right", ncols=3, frameon=False)
    return figure


CHARTS: tuple[Chart, ...] = (
    Chart("funnel", "From asked to rated", lambda rows: bars(rows, "step", "questions", "questions")),
    Chart("time_to_match_by_hour", "Time to match and to the first acceptance, by hour", _by_hour),
    Chart(
        "time_to_match_by_category",
        "Time to the first acceptance, by category",
        lambda rows: bars(rows, "category", "to_acceptance", "seconds (median)"),
    ),
    Chart(
        "acceptance_by_rank",
        "Acceptance by rank",
        lambda rows: bars(rows, "rank", "accepted_share", "share of offers accepted"),
    ),
    Chart(
        "acceptance_by_expert",
        "Acceptance by expert, those with most offers",
        lambda rows: bars(rows, "expert", "accepted_share", "share of offers accepted", most=12),
    ),
    Chart(
        "response_time",
        "Time to answer an offer",
        lambda rows: bars(
            [{**row, "kind": f"{row['urgency']}, {row['answer']}"} for row in rows],
            "kind",
            "p50",
            "seconds (median)",
        ),
    ),
    Chart(
        "overloaded_experts",
        "Who is overloaded",
        lambda rows: bars(rows, "expert", "times_full", "times at capacity", most=12),
    ),
    Chart(
        "categories_lacking_experts",
        "Categories that lack experts",
        lambda rows: bars(rows, "category", "never_accepted_share", "share of questions nobody accepted"),
    ),
)


def svg(figure: Figure) -> str:
    """The figure as an SVG element, the same text for the same figure."""
    written = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "yeon"}), warnings.catch_warnings():
        # Matplotlib's own font has no Hangul, but the text is drawn by the reader's browser, which has.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        FigureCanvasSVG(figure)
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    text = written.getvalue()
    return text[text.index("<svg") :]
