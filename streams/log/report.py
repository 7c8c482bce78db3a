"""The ready queries with their charts as one HTML page that needs nothing else, the same for the same export."""

from html import escape
from importlib.resources import files

from streams.log.charts import CHARTS, Chart, Rows, svg
from streams.log.export.manifest import Manifest
from streams.log.sql.session import Session, ready_queries

_PAGE = files("streams.log").joinpath("report.html")
TABLE_ROWS = 30


def report(duck: Session, manifest: Manifest) -> str:
    """The page."""
    (span,) = duck.ask(
        "SELECT min(time) AS first, max(time) AS last, count(*) AS events FROM events"
    ).as_dicts()
    parts = [_section(chart, duck.ask(ready_queries()[chart.query].sql).as_dicts()) for chart in CHARTS]
    about = (
        f"{span['events']:,} events, positions {manifest.segments[0].first:,} to {manifest.last:,}, "
        f"{str(span['first'])[:16]} to {str(span['last'])[:16]} UTC"
    )
    return _PAGE.read_text().replace("<!--about-->", escape(about)).replace("<!--parts-->", "\n".join(parts))


def _section(chart: Chart, rows: Rows) -> str:
    query = ready_queries()[chart.query]
    drawn = svg(chart.draw(rows)) if rows else "<p>Nothing of the kind happened.</p>"
    return (
        f'<section id="{chart.query}"><h2>{escape(chart.title)}</h2><p>{escape(query.description)}</p>'
        f"<figure>{drawn}</figure><details><summary>Figures and SQL</summary>{_table(rows)}"
        f"<pre>{escape(query.sql)}</pre></details></section>"
    )


def _table(rows: Rows) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{escape(name)}</th>" for name in rows[0])
    body = "".join(
        "<tr>" + "".join(f"<td>{'' if v is None else escape(str(v))}</td>" for v in row.values()) + "</tr>"
        for row in rows[:TABLE_ROWS]
    )
    more = f"<p>and {len(rows) - TABLE_ROWS} more</p>" if len(rows) > TABLE_ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"
