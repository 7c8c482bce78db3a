"""`yeon matcher train | compare | rankers`: learn a ranker from the log, compare two, and list what there is."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from infra.settings import settings
from matcher.cli import AsJson, app, clear_errors, encoders, progress

Since = Annotated[
    datetime | None, typer.Option(help="Learn only from questions matched since this moment (UTC).")
]
Until = Annotated[datetime | None, typer.Option(help="… and up to this one.")]
RankerName = Annotated[
    str, typer.Argument(help="A version, the path of an artefact, or the name of the hand-set weights.")
]


@app.command()
def train(
    since: Since = None,
    until: Until = None,
    to: Annotated[Path | None, typer.Option(help="The directory for the artefact.")] = None,
    as_json: AsJson = False,
) -> None:
    """Learn a ranker from what became of offers in the event log, seeing only the past at every question.

    Writes an artefact and changes nothing else: `yeon matcher use` makes it live.
    """
    from matcher.artefact import save
    from matcher.live_ranker import rankers_in
    from matcher.training.learn import learnt

    with clear_errors(), progress() as told:
        made = encoders()
        matches = [one for one in _matches(made, told) if _within(one.at, since, until)]
        model, window, metrics = learnt(matches, told)
        found = save(to or rankers_in(settings()), model, made[0].identity, window, metrics)
    manifest = found.manifest
    if as_json:
        return typer.echo(
            json.dumps(manifest.model_dump(mode="json", by_alias=True) | {"sha256": found.sha256})
        )
    typer.echo(
        f"{manifest.version}, from {window.questions} questions of {window.since:%Y-%m-%d} to"
        f" {window.until:%Y-%m-%d}.\nOn the last {metrics['heldOut']:.0f}, which it had not seen: MRR"
        f" {metrics['mrr']:.3f}, by the hand-set weights {metrics['handSetMrr']:.3f}.\n"
        f"Make it live: yeon matcher use {manifest.version}"
    )
    return None


@app.command()
def compare(
    a: RankerName,
    b: RankerName,
    since: Annotated[datetime, typer.Option(help="Compare on questions matched since this moment (UTC).")],
    as_json: AsJson = False,
) -> None:
    """Replay the event log against two rankers: how soon does each come to whoever accepted?"""
    from matcher.artefact import load
    from matcher.live_ranker import rankers_in
    from matcher.rankers import HAND_SET, Ranker
    from matcher.training.learn import compared

    with clear_errors(), progress() as told:
        made = encoders()
        rankers, seen = [], []
        for name in (a, b):
            if name == HAND_SET.version:
                rankers.append(HAND_SET)
                continue
            path = Path(name) if Path(name).exists() else rankers_in(settings()) / name
            artefact = load(path, encoder=made[0].identity)
            rankers.append(Ranker(artefact.manifest.version, artefact.model))
            seen.append(artefact.manifest.learnt_from.until)
        found = compared(_matches(made, told), rankers[0], rankers[1], since, max(seen, default=None))
    if as_json:
        return typer.echo(json.dumps(found))
    table = Table(title=f"{found['questions']} questions since {found['since']}")
    for title in ("", found["a"]["version"], found["b"]["version"], "difference", "95 %"):
        table.add_column(title, justify="left" if not title else "right")
    for name, difference in found["difference"].items():
        low, high = difference["interval"]
        values = [f"{found[side][name]:.3f}" for side in ("a", "b")]
        table.add_row(name, *values, f"{difference['value']:+.3f}", f"{low:+.3f} to {high:+.3f}")
    out = Console()
    out.print(table)
    for warning in found["warnings"]:
        out.print(warning)
    return None


@app.command()
def rankers(as_json: AsJson = False) -> None:
    """The learned rankers that are here."""
    from matcher.artefact import MANIFEST, load
    from matcher.live_ranker import rankers_in

    with clear_errors():
        found = [load(path.parent).manifest for path in sorted(rankers_in(settings()).glob(f"*/{MANIFEST}"))]
    for one in found:
        said = f"{one.version}  {one.learnt_from.until:%Y-%m-%d}  {one.learnt_from.questions} questions"
        typer.echo(one.model_dump_json(by_alias=True) if as_json else f"{said}  MRR {one.metrics['mrr']:.3f}")


def _matches(made: Sequence[Any], told: Any) -> list[Any]:
    from matcher.training.reading import read_log, replayed

    events = asyncio.run(read_log(settings().postgres_url, told))
    return replayed(events, made, told)


def _within(at: datetime, since: datetime | None, until: datetime | None) -> bool:
    begin, end = (one.replace(tzinfo=one.tzinfo or UTC) if one else None for one in (since, until))
    return (begin is None or at >= begin) and (end is None or at <= end)
