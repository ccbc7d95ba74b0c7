"""Print a one-time way in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from accounts import services
from accounts.models import Role, User


class Command(BaseCommand):
    help = "Prints a link that signs a user in once, within 15 minutes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", help="user name (default: the first active admin)")

    def handle(self, *args: Any, **options: Any) -> None:
        user = _named(options["user"]) if options["user"] else _first_admin()
        secret = services.open_sign_in_link(user=user)
        self.stdout.write(settings.SITE_URL + reverse("accounts:link", args=[secret]))


def _named(username: str) -> User:
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise CommandError(f"There is no active user named {username!r}.")
    return user


def _first_admin() -> User:
    user = User.objects.filter(role=Role.ADMIN, is_active=True).order_by("pk").first()
    if user is None:
        raise CommandError("There is no active admin. Create the first one with: manage.py ensure_admin")
    return user
