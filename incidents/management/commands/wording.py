"""Hints at phrases that blame, for scripts: `manage.py wording < text`, `manage.py wording --audit FILE`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from incidents.queries.wording import book_of, current_book
from incidents.starter_wording import RULES
from incidents.wording import Book, Remark, remarks
from incidents.wording_audit import Audit, BadRow, audit, read_rows


class Command(BaseCommand):
    help = (
        "Read one text a line from standard input and write one line of JSON for each: a list of hints with "
        "phrase, offset (in Unicode code points), reason, offer and rewrite; an empty list where there is "
        "none. With --audit, say how well the list finds what is labelled in a file instead."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--audit",
            type=Path,
            metavar="FILE",
            help='lines of JSON, {"text": …, "flag": [phrases that blame]}: print precision and recall',
        )
        parser.add_argument(
            "--defaults", action="store_true", help="the list as it came, not as it is edited"
        )
        parser.add_argument("--json", action="store_true", help="with --audit: one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        book = book_of(RULES) if options["defaults"] else self._book()
        if options["audit"]:
            self._audit(options["audit"], book, as_json=options["json"])
        else:
            self._hint(sys.stdin.buffer, book)

    def _book(self) -> Book:
        try:
            return current_book()
        except DatabaseError:
            self.stderr.write("The database does not answer: this is the list as it came.")
            return book_of(RULES)

    def _hint(self, lines: BinaryIO, book: Book) -> None:
        for number, line in enumerate(lines, start=1):
            try:
                text = line.decode("utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                raise CommandError(
                    f"Line {number} is not UTF-8: {error.reason} at byte {error.start + 1} of the line."
                ) from error
            self.stdout.write(json.dumps([_told(hint) for hint in remarks(text, book)]))

    def _audit(self, path: Path, book: Book, *, as_json: bool) -> None:
        try:
            rows = read_rows(path.read_bytes())
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        except BadRow as error:
            raise CommandError(f"{path}: {error}") from error
        found = audit(rows, book)
        self.stdout.write(json.dumps(asdict(found)) if as_json else _in_words(found))


def _told(hint: Remark) -> dict[str, Any]:
    return {
        "phrase": hint.phrase,
        "offset": hint.offset,
        "reason": hint.reason,
        "offer": hint.offer,
        "rewrite": hint.rewrite,
    }


def _in_words(found: Audit) -> str:
    lines = [
        f"{found.texts} texts, {found.texts_flagged} of them with a phrase to flag; {found.phrases} phrases.",
        f"Precision {_share(found.right, found.hints)}: hints that lie on such a phrase.",
        f"Recall {_share(found.met, found.phrases)}: such phrases that a hint lies on.",
        *(f"wrong: {one}" for one in found.wrong),
        *(f"missed: {one}" for one in found.missed),
    ]
    return "\n".join(lines)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f} ({part} of {whole})" if whole else "not applicable (none)"
