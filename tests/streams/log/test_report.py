"""Given a log, when a report is made of it, then every ready query is in it with its figures, on one page by itself."""

import re
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
from nbclient import NotebookClient

from streams.log.charts import CHARTS
from streams.log.sql.session import ready_queries
from tests.streams.log.conftest import Yeon

NOTEBOOK = Path("docs/how-to/from-question-to-answer.ipynb")


def test_every_ready_query_is_drawn_on_one_page(yeon_log: Yeon, tmp_path: Path) -> None:
    page = tmp_path / "report.html"

    result = yeon_log("report", "--out", page)

    assert result.exit_code == 0, result.output
    text = page.read_text()
    assert {chart.query for chart in CHARTS} == set(ready_queries())
    drawn = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(drawn) == len(CHARTS)
    for one in drawn:
        ElementTree.fromstring(one)
    for query in ready_queries().values():
        assert f'id="{query.name}"' in text
    assert "파이썬" in text
    assert not re.findall(r'(?:src|href)="(?!#)', re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL))


def test_the_same_export_makes_the_same_page(yeon_log: Yeon, tmp_path: Path) -> None:
    yeon_log("export", "--out", tmp_path / "export")

    for name in ("first", "again"):
        assert yeon_log("report", "--in", tmp_path / "export", "--out", tmp_path / name).exit_code == 0

    assert (tmp_path / "first").read_bytes() == (tmp_path / "again").read_bytes()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning", "ignore::FutureWarning")
def test_the_notebook_goes_from_question_to_answer(
    yeon_log: Yeon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    yeon_log("export", "--out", tmp_path / "export")
    monkeypatch.setenv("YEON_EXPORT", str(tmp_path / "export"))
    notebook = nbformat.read(NOTEBOOK, as_version=4)

    NotebookClient(notebook, timeout=100, kernel_name="python3").execute()

    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    assert any("image/svg+xml" in output.get("data", {}) for output in outputs)
