"""Which files count at all, and under which name a dependency does. Pure."""

from __future__ import annotations

import re

# What lies here is no part of what runs: tests, documents, examples, others' code.
ASIDE = frozenset(
    {
        ".circleci", ".devcontainer", ".github", ".gitlab", ".idea", ".vscode",
        "__fixtures__", "__tests__", "benchmark", "benchmarks", "bower_components", "demo", "demos", "doc",
        "docs", "documentation", "e2e", "example", "examples", "fixture", "fixtures", "node_modules",
        "playground", "sample", "samples", "spec", "template", "templates", "test", "testdata", "tests",
        "third_party", "third-party", "vendor", "vendored",
    }
)  # fmt: skip


class Unreadable(Exception):
    """A file that counts and cannot be read: without it there is no count."""


def is_aside(path: str) -> bool:
    folders = path.lower().split("/")[:-1]
    return any(
        folder in ASIDE or folder.endswith(("_template", "-template", "_tests", "-tests"))
        for folder in folders
    )


def python_name(text: str) -> str:
    """As the package index compares names: PEP 503."""
    return re.sub(r"[-_.]+", "-", text).lower()


# A requirement begins with a name; what follows narrows it.
REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(?:$|[;@=<>!~( ,])")
EGG = re.compile(r"#(?:.*&)?egg=([A-Za-z0-9][A-Za-z0-9._-]*)")


def requirement(line: str) -> str:
    """The name that a line of requirements asks for; empty for an option, a path or nothing."""
    egg = EGG.search(line)
    if egg:
        return python_name(egg.group(1))
    text = re.split(r"\s#|^#", line, maxsplit=1)[0].strip()
    if text.startswith(("-", ".", "/", "git+", "http:", "https:", "file:")):
        return ""
    found = REQUIREMENT.match(text)
    return python_name(found.group(1)) if found else ""
