"""Why a commit has its origin: `manage.py explain_origin PATH SHA...`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from changes.gitlog import Clone, GitError
from changes.origin import Evidence
from changes.services.explaining import Explained, Meanings, explain, full_name, meaning_of, rules_in_use


class Command(BaseCommand):
    help = (
        "Say which detection rules fire on commits of a clone, what they prove, and what follows from them. "
        "Nothing is stored, and no import is needed. A merge stands for the branch that it brought in."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, metavar="PATH", help="a clone, or a bare git directory")
        parser.add_argument("shas", nargs="+", metavar="SHA", help="a commit, by its full or short name")
        parser.add_argument("--json", action="store_true", help="a list with an object for each commit")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        if not path.is_dir():
            raise CommandError(f"{path} is not a folder")
        clone = Clone(path)
        try:
            clone.run("rev-parse", "--git-dir")
        except GitError as error:
            raise CommandError(f"git cannot read {path}: {error}") from error
        names = {name: full_name(clone, name) for name in options["shas"]}
        meanings = rules_in_use()
        try:
            found = explain(clone, [sha for sha in names.values() if sha], meanings.rules)
        except GitError as error:
            raise CommandError(f"git cannot read {path}: {error}") from error
        if options["json"]:
            self.stdout.write(json.dumps([_as_json(one, meanings) for one in found], indent=2))
        else:
            self._tell(found, meanings)
        if unknown := [name for name, sha in names.items() if not sha]:
            raise CommandError(f"{path} has no commit named {', '.join(unknown)}")

    def _tell(self, found: list[Explained], meanings: Meanings) -> None:
        if meanings.are_defaults:
            self.stderr.write("The database does not answer: these are the default rules.")
        for one in found:
            self.stdout.write("\n".join([*_lines(one, meanings), ""]))


def _lines(one: Explained, meanings: Meanings) -> list[str]:
    tools = ", ".join(one.verdict.assistants)
    basis = f" on {one.verdict.basis}" if one.verdict.basis else ""
    lines = [f"{one.sha}: {one.verdict.origin}{basis}{f', {tools}' if tools else ''}"]
    if one.is_automation:
        lines.append("  An automation made it: it enters no baseline.")
    if one.brought_in:
        lines.append(f"  A merge: its own words and the {one.brought_in} commits that it brought in.")
    if not one.evidence:
        lines.append("  No rule fires. That proves nothing: absence is not manual.")
    for found in one.evidence:
        proves, source = meaning_of(found, meanings)
        claim = "automation" if found.is_automation else found.origin
        named = "".join(f", {part}" for part in (found.assistant, found.kind) if part)
        decides = "decides" if found.strength == "strong" else "only suggests"
        lines += [
            f"  {found.rule_key} v{found.rule_version} ({found.place}): {found.excerpt}",
            f"    {claim}{named}; {decides}; confidence {found.confidence}. {proves}".rstrip(),
            *([f"    {source}"] if source else []),
        ]
    return lines


def _as_json(one: Explained, meanings: Meanings) -> dict[str, Any]:
    """`tool` is the first of `tools`: what wrote stands before what reviewed; empty where none is named."""
    return {
        "sha": one.sha,
        "origin": one.verdict.origin,
        "tool": one.verdict.assistant,
        "tools": list(one.verdict.assistants),
        "basis": one.verdict.basis,
        "is_automation": one.is_automation,
        "rules": "default" if meanings.are_defaults else "installation",
        "evidence": [_evidence(found, meanings) for found in one.evidence],
    }


def _evidence(found: Evidence, meanings: Meanings) -> dict[str, Any]:
    proves, source = meaning_of(found, meanings)
    return {
        "rule": found.rule_key,
        "version": found.rule_version,
        "place": found.place,
        "excerpt": found.excerpt,
        "origin": found.origin,
        "tool": found.assistant,
        "kind": found.kind,
        "strength": found.strength,
        "confidence": found.confidence,
        "is_automation": found.is_automation,
        "said_at": found.said_at.isoformat() if found.said_at else None,
        "proves": proves,
        "source": source,
    }
