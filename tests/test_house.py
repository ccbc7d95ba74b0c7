"""The house inspects itself: templates compile, documents keep up with the code, doors say what they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

from intake.sources import providers

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted(
    path.relative_to(ROOT / "templates").as_posix() for path in (ROOT / "templates").rglob("*.html")
)
DATA = {"starter_rules.py", "starter_wording.py", "mishaps.py"}
CODE = [
    path
    for folder in ("accounts", "analytics", "changes", "config", "design", "incidents", "intake", "runner")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts and path.name not in DATA
]


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_compiles_and_carries_nothing_inline(name: str) -> None:
    get_template(name)
    text = (ROOT / "templates" / name).read_text(encoding="utf-8")
    if not name.startswith("mail/"):  # the body of a mail is no page: its style stands on its elements
        assert not re.search(r"<[^>]*\sstyle=", text), "an inline style, which the policy forbids"
    assert not re.search(r"<[^>]*\son[a-z]+=", text), "an inline handler, which the policy forbids"
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", text), "an inline script"
    assert not re.search(r"(src|href)=[\"'](https?:)?//", text), "something from elsewhere"


def _of_environment(folder: str) -> set[str]:
    """The variables that the code of a folder reads."""
    found = set()
    for path in (ROOT / folder).rglob("*.py"):
        found |= set(re.findall(r'(?:env\.\w+|environ\.get|getenv)\(\s*"([A-Z_]+)"', path.read_text()))
        found |= set(re.findall(r'environ\["([A-Z_]+)"\]', path.read_text()))
    return found


def test_every_setting_of_the_environment_is_documented() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    read = _of_environment("config") | _of_environment("runner")
    internal = {"DJANGO_SETTINGS_MODULE", "PATH", "HOME", "TMPDIR"}
    missing = {name for name in read - internal if f"`{name}`" not in text and f"{name}=" not in text}
    assert missing == set()


def test_every_documented_setting_is_read() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    documented = {
        name for row in re.findall(r"^\| (`[A-Z_`, ]+`) \|", text, re.M) for name in re.findall(r"\w+", row)
    }
    assert "API_READ_RATE" in documented
    read = set().union(*(_of_environment(folder) for folder in ("config", "runner", "tests")))
    assert documented - read == set()


def test_every_command_is_documented() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    commands = {
        path.stem for path in ROOT.glob("*/management/commands/*.py") if not path.stem.startswith("_")
    }
    assert {name for name in commands if not re.search(rf"^\| .*`{name}\b.*\|.*\|$", text, re.M)} == set()


def test_every_kind_of_source_is_documented() -> None:
    text = (ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8")
    assert {kind for kind in providers() if f"(`{kind}`)" not in text} == set()


def test_links_between_documents_lead_somewhere() -> None:
    dead = []
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for link in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", path.read_text(encoding="utf-8")):
            if not (path.parent / link).exists():
                dead.append(f"{path.relative_to(ROOT)}: {link}")
    assert dead == []


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_file_is_one_room(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
