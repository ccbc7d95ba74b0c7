"""Create the first admin where nobody exists yet."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts import services


class Command(BaseCommand):
    help = "Creates the first admin, without a password, when no user exists; does nothing otherwise."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", default="admin", help="user name (default: admin)")

    def handle(self, *args: Any, **options: Any) -> None:
        user = services.ensure_admin(username=options["user"])
        if user is None:
            self.stdout.write("There are users already: nothing to do.")
        else:
            self.stdout.write(f"Created {user.username}. Sign in with: manage.py sign_in_link")
