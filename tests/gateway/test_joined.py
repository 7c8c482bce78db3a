"""Modules that were joined do what they do alone; what is not understood is refused."""

import json
import shutil
import subprocess

import pytest

from gateway.rest.joined import NotUnderstood, joined

FILES = {
    "app.js": '/** Starts. */\n\nimport { one, twice as double } from "./parts/one.js";\nimport * as all from "./parts/one.js";\n'
    'import text from "./text.js";\nimport { h } from "lib";\nimport "./effect.js";\n\n'
    "console.log(JSON.stringify([one, double(3), Object.keys(all), text.said, h(1), globalThis.happened]));\n",
    "parts/one.js": '// Its own names.\nimport text from "../text.js";\nconst h = 7;\nexport const one = h + text.said.length;\n'
    "export function twice(n) {\n  return 2 * n;\n}\nexport async function later() {}\nexport class Thing {}\n",
    "text.js": 'export default {\n  said: "말",\n};\n',
    "effect.js": "globalThis.happened = true;\n",
    "lib.mjs": 'import{k as n}from"core";export{k}from"core";var t=n;function a(x){return x+t}export{a as h};\n//# sourceMappingURL=lib.mjs.map\n',
    "core.mjs": "const q=41;export{q as k};",
}
BARE = {"lib": "lib.mjs", "core": "core.mjs"}


def told(module: str) -> object:
    """What `module` prints in Node."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node; the joined client itself runs in the browser tests")
    done = subprocess.run(
        [node, "--input-type=module", "-"],
        input=module,
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    return json.loads(done.stdout)


def test_joined_modules_keep_their_names_apart_and_run_in_the_order_of_their_imports() -> None:
    assert told(joined(["app.js"], FILES, BARE)) == [
        8,
        6,
        ["one", "twice", "later", "Thing"],
        "말",
        42,
        True,
    ]


def test_remarks_are_left_out() -> None:
    assert "Starts" not in joined(["app.js"], FILES, BARE)


def test_a_bare_name_that_leads_nowhere_stays_an_import() -> None:
    assert joined(["app.js"], FILES, {}).startswith('import * as x0 from "lib";')


def test_what_the_entries_export_is_exported() -> None:
    vendored = joined(["core.mjs", "text.js"], FILES, BARE, exported=True)
    assert "export const k = m0.k;" in vendored
    assert "export default m1.default;" in vendored


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("export let now = 1;", "export"),
        ('import { x } from "./away.js";', "not there"),
        ('import { b } from "./b.js";', "imports itself"),
        ("const here = import.meta.url;", "import.meta"),
        ("export default {};\nexport default {};", "two defaults"),
    ],
)
def test_what_is_not_understood_is_refused(source: str, why: str) -> None:
    files = {"a.js": source, "b.js": 'import { a } from "./a.js";\nexport const b = a;'}
    with pytest.raises(NotUnderstood, match=why):
        joined(["a.js"], files, {})


def test_two_exports_of_one_name_are_refused() -> None:
    with pytest.raises(NotUnderstood, match="both export k"):
        joined(
            ["a.js", "b.js"],
            {"a.js": "export const k = 1;", "b.js": "export const k = 2;"},
            {},
            exported=True,
        )
