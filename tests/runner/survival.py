"""A sender and its source for test_survival.py: `python -m tests.runner.survival set_up|send`."""

from __future__ import annotations

import json
import sys
import time

import django
from django.apps import apps
from django.core.management import call_command
from django.db import connection

if not apps.ready:  # run as a script
    django.setup()

from django.test import Client  # noqa: E402

from incidents.pagers.generic import GenericIncident  # noqa: E402
from intake.models import Delivery  # noqa: E402
from intake.sources import Letter  # noqa: E402
from tests import make  # noqa: E402

SLUG = "survival"
TALLY = "CREATE TABLE survival_tally (delivery_id bigint NOT NULL)"  # nothing in it prevents a second row


class Counted(GenericIncident):
    kind = "counted"

    def handle(self, delivery: Delivery, letter: Letter) -> None:
        super().handle(delivery, letter)
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO survival_tally VALUES (%s)", [delivery.pk])


def set_up() -> None:
    call_command("broker")
    make.source("counted", slug=SLUG)
    with connection.cursor() as cursor:
        cursor.execute(TALLY)


def send(count: int) -> None:
    """As a pager does: one request a message, again after a while when it was not taken."""
    client = Client(headers=Counted().sign(b"", make.SECRET.encode()))
    for number in range(count):
        message = {"id": f"m{number}", "key": f"INC-{number}", "title": f"Alarm {number}", "status": "open"}
        body = json.dumps(message)
        while True:
            answer = client.post(f"/hooks/{SLUG}/", body, content_type="application/json")
            if answer.status_code in (200, 202):
                break
            if answer.status_code != 503:
                raise SystemExit(f"{answer.status_code}: {answer.content!r}")
            time.sleep(0.5)


if __name__ == "__main__":
    if sys.argv[1] == "set_up":
        set_up()
    else:
        send(int(sys.argv[2]))
