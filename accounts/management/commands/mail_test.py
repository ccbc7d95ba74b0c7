"""Send one mail now, to see that the settings work."""

from __future__ import annotations

import smtplib
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.template.loader import render_to_string

from accounts.mail import is_set_up
from accounts.mail_sending import words


class Command(BaseCommand):
    help = "Sends a mail to ADDRESS with the settings as they are, and says what the server answered."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", metavar="ADDRESS")

    def handle(self, *args: Any, **options: Any) -> None:
        address = options["address"]
        if not is_set_up():
            raise CommandError("Mail is not set up: set MAIL_HOST and MAIL_FROM (docs/mail.md).")
        try:
            validate_email(address)
        except ValidationError:
            raise CommandError(f"{address!r} is no mail address.") from None
        server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT} ({settings.MAIL_SECURITY})"
        text = render_to_string("mail/test.txt", {"site_url": settings.SITE_URL, "server": server})
        try:
            EmailMessage(subject="Hindcast can send mail", body=text, to=[address]).send()
        except (OSError, smtplib.SMTPException) as error:
            raise CommandError(f"{server} did not take it. {words(error)}") from error
        self.stdout.write(f"{server} took it, from {settings.DEFAULT_FROM_EMAIL} to {address}.")
