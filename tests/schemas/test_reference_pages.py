"""The hand-written pages of the reference name what there is, with the defaults it has, and link to what exists."""

import re
from pathlib import Path

import pytest

from infra.settings import Settings

DOCS = Path(__file__).parent.parent.parent / "docs"
ROW = re.compile(r"^\| `YEON_(\w+)` \| (?:`(.*?)`)? ?\| (.*) \|$", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def as_text(default: object) -> str:
    return str(default).lower() if isinstance(default, bool) else str(default)


def test_every_setting_is_on_the_page_with_its_default_and_no_other_is() -> None:
    page = (DOCS / "reference" / "settings.md").read_text()
    listed = {name.lower(): default for name, default, _ in ROW.findall(page)}
    assert listed == {name: as_text(field.default) for name, field in Settings.model_fields.items()}


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.md")), ids=lambda path: str(path.relative_to(DOCS)))
def test_every_link_of_a_page_leads_to_a_file(path: Path) -> None:
    for target in LINK.findall(path.read_text()):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.md")), ids=lambda path: str(path.relative_to(DOCS)))
def test_every_variable_a_page_names_is_a_setting(path: Path) -> None:
    named = set(re.findall(r"YEON_(?!TEST_)[A-Z_]+[A-Z]", path.read_text())) - {"YEON_KAFKA"}
    assert named <= {f"YEON_{name.upper()}" for name in Settings.model_fields}
