"""Earlier incidents that are like one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from changes.models import Service
from incidents.models import Incident
from incidents.queries.alike import alike
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> User:
    return make.user()


@pytest.fixture
def checkout() -> Service:
    return make.service("Checkout")


def outage(title: str, service: Service, days: int, **over: Any) -> Incident:
    made = make.incident(title=title, reported_at=timezone.now() - timedelta(days=days), **over)
    made.services.add(service)
    return made


def numbers(incident: Incident, reader: User) -> list[int]:
    return [row["number"] for row in alike(incident, reader)]


def test_the_likest_comes_first_when_several_share_words(reader: User, checkout: Service) -> None:
    retries = outage("Retries flood the payment queue", checkout, 40)
    outage("Login page without pictures", checkout, 30)
    queue = outage("Payment slow", checkout, 20)
    now = outage("Payment queue flooded by retries", checkout, 0)
    assert numbers(now, reader) == [retries.number, queue.number]


def test_nothing_is_alike_when_it_is_of_another_service(reader: User, checkout: Service) -> None:
    outage("Payment queue flooded", make.service("Search"), 9)
    assert numbers(outage("Payment queue flooded", checkout, 0), reader) == []


def test_a_restricted_one_is_not_told_when_the_reader_is_not_named(reader: User, checkout: Service) -> None:
    outage("Payment queue flooded", checkout, 9, is_restricted=True)
    assert numbers(outage("Payment queue flooded", checkout, 0), reader) == []


def test_later_ones_and_false_alarms_are_left_out(reader: User, checkout: Service) -> None:
    outage("Payment queue flooded", checkout, 1, status="closed", closing_reason="false_alarm")
    now = outage("Payment queue flooded", checkout, 5)
    outage("Payment queue flooded", checkout, 2)
    assert numbers(now, reader) == []
