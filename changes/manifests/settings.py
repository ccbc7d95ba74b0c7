"""Configuration entries: one for each name that a file gives a value. Pure.

The same name in two files is two entries: both have to be kept right. Values are never looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

# In a sample every setting that one may set is listed, many of them commented out.
ENV = re.compile(r"^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.]*)[ \t]*=", re.MULTILINE)
ENV_SAMPLE = re.compile(r"^[ \t]*#?[ \t]*(?:export[ \t]+)?([A-Z_][A-Z0-9_]*)=", re.MULTILINE)
PYTHON = re.compile(r"^(?: {4})?([A-Z][A-Z0-9_]+)[ \t]*(?::[^=\n]+)?=(?!=)", re.MULTILINE)
VARIABLE = re.compile(r'^variable[ \t]+"([^"]+)"', re.MULTILINE)
ASSIGNED = re.compile(r"^([A-Za-z_][\w-]*)[ \t]*=(?!=)", re.MULTILINE)
YAML_KEY = re.compile(r"^([ ]*)((?:- +)*)(['\"]?[\w./@*-][^:#'\"\n]*['\"]?):(?:[ \t]+(.*))?$")
BLOCK = re.compile(r"^(?:[!&]\S+[ \t]+)*[|>][+-]?\d?[+-]?[ \t]*(?:#.*)?$")


def env(text: str) -> int:
    return len(set(ENV.findall(text)))


def env_sample(text: str) -> int:
    return len(set(ENV_SAMPLE.findall(text)))


def python(text: str) -> int:
    """Names in capitals, of the module or of a class in it."""
    return len(set(PYTHON.findall(text)))


def terraform(text: str) -> int:
    return len(set(VARIABLE.findall(text)))


def assigned(text: str) -> int:
    return len(set(ASSIGNED.findall(text)))


def yaml(text: str) -> int:
    """Keys with a value or a list of plain values; the text of a block is one value, whatever it says."""
    lines = [line.rstrip() for line in text.splitlines()]
    lines = [line for line in lines if line.strip() and not line.lstrip().startswith(("#", "{{", "---"))]
    count, inside = 0, -1
    for number, line in enumerate(lines):
        depth = len(line) - len(line.lstrip(" "))
        if inside >= 0 and depth > inside:
            continue
        inside = -1
        key = YAML_KEY.match(line)
        if not key:
            continue
        value = _without_remark(key.group(4) or "")
        if value and not value.startswith("&"):
            count += 1
            inside = depth if BLOCK.match(value) else -1
        elif number + 1 < len(lines) and _is_plain_item(lines[number + 1], depth):
            count += 1
    return count


def _without_remark(value: str) -> str:
    return "" if value.startswith("#") else re.split(r"[ \t]#", value, maxsplit=1)[0].strip()


def _is_plain_item(line: str, depth: int) -> bool:
    stripped = line.lstrip(" ")
    deep_enough = len(line) - len(stripped) >= depth
    return deep_enough and stripped.startswith("- ") and not YAML_KEY.match(line)


INI_KEY = re.compile(r"^([^\s#;\[=:][^=:\n]*?)[ \t]*[=:]")
TOML_KEY = re.compile(
    r"""^[ \t]*((?:[\w-]+|"[^"\n]*"|'[^'\n]*')(?:[ \t]*\.[ \t]*(?:[\w-]+|"[^"\n]*"))*)[ \t]*="""
)
TOML_LONG = re.compile(r'"""|\'\'\'')


def ini(text: str) -> int:
    """Keys at the beginning of a line, by section; what is indented goes on with the value before."""
    return _by_section(text.splitlines(), INI_KEY)


def toml(text: str) -> int:
    """Keys by table; lines of a text over several lines are no keys."""
    return _by_section(_outside_long_texts(text.splitlines()), TOML_KEY)


def _outside_long_texts(lines: Iterable[str]) -> Iterable[str]:
    inside = False
    for line in lines:
        if not inside:
            yield line
        if len(TOML_LONG.findall(line)) % 2:
            inside = not inside


def _by_section(lines: Iterable[str], key: re.Pattern[str]) -> int:
    section, found = 0, set()
    for line in lines:
        if line.lstrip().startswith("["):
            section += 1
        elif match := key.match(line):
            found.add((section, match.group(1)))
    return len(found)


FOLDERS = r"(?:^|.*/)(?:config|configs|conf|configuration|settings|etc)/(?:.*/)?"
READERS: tuple[tuple[re.Pattern[str], Callable[[str], int]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), reader)
    for pattern, reader in (
        (
            r"(?:.*/)?(?:\.env|[^/]*\.env)(?:\.[\w.-]+)*[.-](?:example|sample|template|dist|default)",
            env_sample,
        ),
        (r"(?:.*/)?[^/]*\.(?:conf|env)\.(?:example|sample|dist)", env_sample),
        (r"(?:.*/)?(?:\.env(?:\.[\w.-]+)?|[\w.-]+\.env)", env),
        (r"(?:.*/)?values(?:[.-][\w.-]+)?\.ya?ml", yaml),
        (r"(?:.*/)?[^/]+\.tf", terraform),
        (r"(?:.*/)?[^/]+\.tfvars", assigned),
        (r"(?:.*/)?settings\.py|(?:.*/)?settings/[^/]+\.py", python),
        (FOLDERS + r"[^/]+\.ya?ml", yaml),
        (FOLDERS + r"[^/]+\.toml", toml),
        (FOLDERS + r"[^/]+\.(?:ini|cfg|conf)", ini),
    )
)


def reader_of(path: str) -> Callable[[str], int] | None:
    return next((reader for pattern, reader in READERS if pattern.fullmatch(path)), None)
