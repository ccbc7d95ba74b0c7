"""What manifests name: (ecosystem, name) of each dependency, and the package they describe. Pure."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from changes.manifests.names import Unreadable, python_name, requirement

Name = tuple[str, str]


@dataclass(frozen=True)
class Manifest:
    names: frozenset[Name]
    # What this file itself describes: another of the same repository may ask for it.
    own: frozenset[Name] = frozenset()


def _manifest(ecosystem: str, names: Iterable[str], own: Iterable[str] = ()) -> Manifest:
    return Manifest(
        frozenset((ecosystem, name) for name in names if name),
        frozenset((ecosystem, name) for name in own if name),
    )


def requirements(text: str) -> Manifest:
    joined = text.replace("\\\n", " ")
    return _manifest("python", (requirement(line) for line in joined.splitlines()))


def pyproject(text: str) -> Manifest:
    """The standard tables, groups and those of Poetry; not what only builds the package."""
    data = _toml(text)
    project, tool = _table(data, "project"), _table(data, "tool")
    listed = [*_list(project.get("dependencies")), *_list(_table(tool, "uv").get("dev-dependencies"))]
    for groups in (_table(project, "optional-dependencies"), _table(data, "dependency-groups")):
        listed += [line for group in groups.values() for line in _list(group)]
    listed += _told_elsewhere(data)
    poetry = _table(tool, "poetry")
    tables = [_table(poetry, "dependencies"), _table(poetry, "dev-dependencies")]
    tables += [_table(group, "dependencies") for group in _table(poetry, "group").values()]
    names = {requirement(line) for line in listed if isinstance(line, str)}
    names |= {python_name(name) for table in tables for name in table}
    own = [str(table.get("name", "")) for table in (project, poetry)]
    return _manifest("python", names - {"python"}, map(python_name, own))


def _told_elsewhere(data: dict[str, Any]) -> list[Any]:
    """What a build tool of its own is told. Raises: Unreadable where it would have to be run."""
    project, tool = _table(data, "project"), _table(data, "tool")
    dynamic = {"dependencies", "optional-dependencies"} & set(map(str, _list(project.get("dynamic"))))
    backend = str(_table(data, "build-system").get("build-backend", "setuptools"))
    # Its files are read for themselves.
    if not dynamic or backend.startswith("setuptools"):
        return []
    hooks = _table(_table(_table(tool, "hatch"), "metadata"), "hooks").values()
    names = {*dynamic, "files", "filename"}
    found = [hook for hook in hooks if isinstance(hook, dict) and names & set(hook)]
    if not found:
        raise Unreadable("it computes its dependencies")
    groups = [group for hook in found for group in _table(hook, "optional-dependencies").values()]
    told = [hook.get("dependencies") for hook in found]
    return [line for listed in (*told, *groups) for line in _list(listed)]


def setup_cfg(text: str) -> Manifest:
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except ConfigError as error:
        raise Unreadable(str(error)) from error
    lines = parser.get("options", "install_requires", fallback="").splitlines()
    if parser.has_section("options.extras_require"):
        lines += [line for value in parser["options.extras_require"].values() for line in value.splitlines()]
    own = parser.get("metadata", "name", fallback="")
    return _manifest("python", map(requirement, lines), [python_name(own)])


def setup_py(text: str) -> Manifest:
    """Lists that are written out in it; nothing of it is run. Raises: Unreadable where they are computed."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise Unreadable("it is no Python that can be read") from error
    known = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    call = next((node for node in ast.walk(tree) if _is_setup(node)), None)
    given = {one.arg: one.value for one in call.keywords} if isinstance(call, ast.Call) else {}
    names: set[str] = set()
    for argument in ("install_requires", "extras_require"):
        if argument in given:
            names |= {requirement(line) for line in _written_out(given[argument], known)}
    own = given.get("name")
    named = own.value if isinstance(own, ast.Constant) and isinstance(own.value, str) else ""
    return _manifest("python", names, [python_name(named)])


def _is_setup(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    return (called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")) == "setup"


def _written_out(node: ast.expr, known: dict[str, ast.expr], deep: int = 0) -> Iterator[str]:
    if deep > 20:
        raise Unreadable("its lists refer to themselves")
    if isinstance(node, ast.Name) and node.id in known:
        yield from _written_out(known[node.id], known, deep + 1)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.List | ast.Tuple | ast.Set):
        for one in node.elts:
            yield from _written_out(one, known, deep + 1)
    elif isinstance(node, ast.Dict):
        for one in node.values:
            yield from _written_out(one, known, deep + 1)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        for one in (node.left, node.right):
            yield from _written_out(one, known, deep + 1)
    else:
        raise Unreadable("it computes its dependencies")


PACKAGE_TABLES = ("dependencies", "devDependencies", "optionalDependencies")


def package_json(text: str) -> Manifest:
    data = _json(text)
    names = {name for table in PACKAGE_TABLES for name in _table(data, table)}
    return _manifest("npm", names, [str(data.get("name") or "")])


def composer_json(text: str) -> Manifest:
    data = _json(text)
    names = {name.lower() for table in ("require", "require-dev") for name in _table(data, table)}
    return _manifest("php", (name for name in names if "/" in name), [str(data.get("name") or "").lower()])


CARGO_TABLES = ("dependencies", "dev-dependencies", "build-dependencies")


def cargo(text: str) -> Manifest:
    data = _toml(text)
    holders = [data, _table(data, "workspace"), *_table(data, "target").values()]
    names = {
        str(told.get("package", name)) if isinstance(told, dict) else name
        for holder in holders
        for table in CARGO_TABLES
        for name, told in _table(holder, table).items()
    }
    return _manifest("rust", names, [str(_table(data, "package").get("name", ""))])


def go_mod(text: str) -> Manifest:
    lines = list(go_requires(text))
    own = re.search(r"^module\s+(\S+)", text, re.MULTILINE)
    names = (name for name, is_indirect in lines if not is_indirect)
    return _manifest("go", names, [own.group(1)] if own else [])


def go_requires(text: str) -> Iterator[tuple[str, bool]]:
    block = False
    for line in text.splitlines():
        words = line.split("//")[0].split()
        if words[:1] == ["require"] and words[1:] == ["("]:
            block = True
        elif words == [")"]:
            block = False
        elif words and (block or words[0] == "require"):
            yield words[0] if block else words[1] if len(words) > 1 else "", "// indirect" in line


def pom(text: str) -> Manifest:
    """What it depends on, not what it only manages the versions of."""
    try:
        root = fromstring(text)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise Unreadable("it is no XML that can be read") from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    holders = [root, *root.findall("profiles/profile")]
    found = [one for holder in holders for one in holder.findall("dependencies/dependency")]
    names = (_maven(one) for one in found)
    group = _text(root, "groupId") or _text(root, "parent/groupId")
    own = f"{group}:{_text(root, 'artifactId')}"
    return _manifest("java", (name for name in names if not name.startswith("${project.")), [own])


def _maven(element: Element) -> str:
    return f"{_text(element, 'groupId')}:{_text(element, 'artifactId')}"


def _text(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


GEM = re.compile(r"^\s*gem\s*\(?\s*['\"]([\w.-]+)['\"]", re.MULTILINE)


def gemfile(text: str) -> Manifest:
    return _manifest("ruby", GEM.findall(text))


READERS: tuple[tuple[re.Pattern[str], Callable[[str], Manifest]], ...] = tuple(
    (re.compile(pattern), reader)
    for pattern, reader in (
        (r"(?:requirements|constraints)[\w.-]*\.(?:txt|in)|requirements/[\w.-]+\.(?:txt|in)", requirements),
        (r"pyproject\.toml", pyproject),
        (r"setup\.cfg", setup_cfg),
        (r"setup\.py", setup_py),
        (r"package\.json", package_json),
        (r"composer\.json", composer_json),
        (r"Cargo\.toml", cargo),
        (r"go\.mod", go_mod),
        (r"pom\.xml", pom),
        (r"Gemfile", gemfile),
    )
)


def _json(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable("it is no JSON that can be read") from error
    return data if isinstance(data, dict) else {}


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Unreadable("it is no TOML that can be read") from error


def _table(data: Any, name: str) -> dict[str, Any]:
    found = data.get(name) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
