"""ES modules as one, so that a browser asks once and not for each. Joined when the gateway starts; the files stay as they are.

Each module becomes a function that is called in the order of the imports and gives its exports, so names stay apart and
run as they would alone. Remarks on lines of their own are left out. What is understood is how our modules and the vendored ones are written: imports at the top,
`export` before a declaration or one list at the end. What is not understood is an error at the start, never a guess.
Pure: text in, text out.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from posixpath import dirname, join, normpath

_SPACE = re.compile(r"(?:\s+|/\*.*?\*/|//[^\n]*\n)+", re.DOTALL)
_HEAD = re.compile(r"""(?:(import|export)\s*([\w$*{][^"';]*?)\s*from|import)\s*["']([^"']+)["'];?""")
_DECLARED = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) ([\w$]+))", re.MULTILINE)
_DEFAULT = re.compile(r"\bexport default (?=[\w{\[(])")
_LISTED = re.compile(r"\bexport\s*\{([^}]*)\};?\s*$")
_LEFT = re.compile(r"^\s*export\b|\bimport\.meta\b", re.MULTILINE)
_BRACES = "{} \n"
_REMARK = re.compile(r"^[ \t]*(?:/\*\*.*?\*/|//[^\n]*)\n", re.DOTALL | re.MULTILINE)
_SOURCE_MAP = re.compile(r"//# sourceMappingURL=\S*\s*$")


class NotUnderstood(Exception):
    """A module is written in a way that cannot be joined."""


@dataclass(frozen=True, slots=True)
class _Module:
    """`needs`: how each import is written, and from where. `exports`: the outer names with what they are within."""

    needs: tuple[tuple[str, str, str], ...]
    body: str
    exports: Mapping[str, str]


def joined(
    entries: Sequence[str], files: Mapping[str, str], bare: Mapping[str, str], *, exported: bool = False
) -> str:
    """`entries` and all they import, as one module. `bare` leads names like `preact` to files; one that it does not
    lead anywhere stays an import. With `exported` the entries' exports are those of the whole; they must not collide.

    Raises `NotUnderstood`, also for modules that import each other."""
    modules: dict[str, _Module] = {}
    outside: dict[str, str] = {}
    for entry in entries:
        _gather(entry, files, bare, modules, outside, ())
    names = {path: f"m{at}" for at, path in enumerate(modules)} | outside
    parts = [f'import * as {name} from "{bare_name}";' for bare_name, name in outside.items()]
    parts += [_function(path, module, names, bare) for path, module in modules.items()]
    if exported:
        parts += _exports(entries, modules, names)
    return "\n".join(parts) + "\n"


def _gather(
    path: str,
    files: Mapping[str, str],
    bare: Mapping[str, str],
    modules: dict[str, _Module],
    outside: dict[str, str],
    above: tuple[str, ...],
) -> None:
    """Take in `path` after all that it imports."""
    if path in above:
        raise NotUnderstood(f"{path} imports itself by way of {', '.join(above[above.index(path) :])}")
    if path in modules:
        return
    if path not in files:
        raise NotUnderstood(f"{above[-1] if above else 'the page'} imports {path}, which is not there")
    module = _read(path, files[path])
    for _, _, source in module.needs:
        target = _target(path, source, bare)
        if target is None:
            outside.setdefault(source, f"x{len(outside)}")
        else:
            _gather(target, files, bare, modules, outside, (*above, path))
    modules[path] = module


def _target(path: str, source: str, bare: Mapping[str, str]) -> str | None:
    return normpath(join(dirname(path), source)) if source.startswith(".") else bare.get(source)


def _read(path: str, text: str) -> _Module:
    text = _SOURCE_MAP.sub("", text)
    needs, at = [], 0
    while True:
        if space := _SPACE.match(text, at):
            at = space.end()
        found = _HEAD.match(text, at)
        if found is None:
            break
        needs.append((found[1] or "import", found[2] or "", found[3]))
        at = found.end()
    body = _REMARK.sub("", text[at:] + "\n")
    exports: dict[str, str] = {}
    if listed := _LISTED.search(body):
        exports |= {outer: inner for inner, outer in _pairs(listed[1])}
        body = body[: listed.start()]
    exports |= {name: name for name in _DECLARED.findall(body)}
    body = _DECLARED.sub("", body)
    body, defaults = _DEFAULT.subn("const default_ = ", body)
    if defaults:
        exports["default"] = "default_"
    if defaults > 1 or (left := _LEFT.search(body)):
        raise NotUnderstood(f"{path}: {left[0].strip() if defaults < 2 and left else 'two defaults'}")
    return _Module(tuple(needs), body.strip(), exports)


def _function(path: str, module: _Module, names: Mapping[str, str], bare: Mapping[str, str]) -> str:
    lines: list[str] = []
    given = [f"{outer}: {inner}" for outer, inner in module.exports.items()]
    for verb, what, source in module.needs:
        name = names[_target(path, source, bare) or source]
        if verb == "export":
            given += [f"{outer}: {name}.{inner}" for inner, outer in _pairs(what.strip(_BRACES))]
        else:
            lines += _taken(path, what, name)
    body = "\n".join([*lines, module.body])
    return f"const {names[path]} = (() => {{\n{body}\nreturn {{ {', '.join(given)} }};\n}})();"


def _taken(path: str, what: str, name: str) -> Iterator[str]:
    """`{ a, b as c }`, `* as all` and `one` (the default), as declarations."""
    if not what:
        return
    if what.startswith("{"):
        taken = ", ".join(f"{inner}: {own}" for inner, own in _pairs(what.strip(_BRACES)))
        yield f"const {{ {taken} }} = {name};"
    elif every := re.fullmatch(r"\*\s*as\s+([\w$]+)", what):
        yield f"const {every[1]} = {name};"
    elif re.fullmatch(r"[\w$]+", what):
        yield f"const {what} = {name}.default;"
    else:
        raise NotUnderstood(f"{path}: import {what}")


def _pairs(listed: str) -> Iterator[tuple[str, str]]:
    """`a, b as c` as (a, a), (b, c)."""
    for one in filter(None, (part.strip() for part in listed.split(","))):
        name, _, other = one.partition(" as ")
        yield name.strip(), other.strip() or name.strip()


def _exports(
    entries: Sequence[str], modules: Mapping[str, _Module], names: Mapping[str, str]
) -> Iterator[str]:
    seen: dict[str, str] = {}
    for entry in entries:
        for outer in modules[entry].exports:
            if outer in seen:
                raise NotUnderstood(f"{entry} and {seen[outer]} both export {outer}")
            seen[outer] = entry
            yield (
                f"export default {names[entry]}.default;"
                if outer == "default"
                else f"export const {outer} = {names[entry]}.{outer};"
            )
