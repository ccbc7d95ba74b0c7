"""Real repositories, made for a test, and the command that reads them."""

from __future__ import annotations

import os
import subprocess
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db.models import Field, Model
from django.utils import timezone

from changes.models import (
    Assistance,
    Change,
    ChangeIdentity,
    ChangeLink,
    Deployment,
    DeploymentEvent,
    OriginEvidence,
)


def git_at(path: Path, seconds: int, *arguments: str, author: str) -> str:
    """What git prints, at that second of the epoch, without the configuration of the machine."""
    name, email = author.removesuffix(">").split(" <")
    people = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", name), ("EMAIL", email), ("DATE", f"{seconds} +0000"))
    }
    environment = {**os.environ, **people, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", *arguments], cwd=path, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


class Repo:
    """A real repository of a few commits, an hour apart."""

    def __init__(self, path: Path) -> None:
        self.path, self.hours = path, 0
        path.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, author: str = "Ada Example <ada@example.org>") -> str:
        self.hours += 1
        return git_at(self.path, 1_700_000_000 + self.hours * 3600, *arguments, author=author)

    def commit(self, message: str, path: str = "app.py", lines: int = 1, **more: Any) -> str:
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        old = file.read_text() if file.exists() else ""
        file.write_text(old + "line\n" * lines)
        self.git("add", "-A", **more)
        self.git("commit", "-q", "-m", message, **more)
        return self.git("rev-parse", "HEAD")

    def merge(self, branch: str, message: str) -> str:
        self.git("merge", "-q", "--no-ff", "-m", message, branch)
        return self.git("rev-parse", "HEAD")


def run(path: Path, **options: Any) -> str:
    out = StringIO()
    call_command("import_git", str(path), stdout=out, stderr=out, **options)
    return out.getvalue()


SHOWN: tuple[type[Model], ...] = (
    Change,
    ChangeIdentity,
    ChangeLink,
    OriginEvidence,
    Assistance,
    Deployment,
    DeploymentEvent,
    Change.services.through,
    Change.areas_touched.through,
    Deployment.changes.through,
)


def picture() -> dict[str, list[str]]:
    """Every row of an import in words that no key and no clock decides."""
    names = {
        change: min(value for pk, value in rows if pk == change)
        for rows in [list(ChangeIdentity.objects.filter(space="sha").values_list("change_id", "value"))]
        for change in {pk for pk, _ in rows}
    }

    def shown(row: Model, field: Field[Any, Any]) -> object:
        value = getattr(row, field.attname)
        if field.related_model is Change:
            return names.get(value)
        return str(getattr(row, field.name)) if field.is_relation else value

    found = {}
    for model in SHOWN:
        fields = [one for one in model._meta.concrete_fields if not one.primary_key]
        told = [one for one in fields if one.default is not timezone.now]
        found[model.__name__] = sorted(
            repr([(one.name, shown(row, one)) for one in told]) for row in model._default_manager.all()
        )
    return found
