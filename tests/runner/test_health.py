from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from runner.models import Heartbeat

pytestmark = pytest.mark.django_db


def beat(*, ago: timedelta) -> None:
    Heartbeat.objects.create(name="worker", beaten_at=timezone.now() - ago)


def test_the_process_is_up_for_anybody(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_it_is_ready_when_a_worker_was_seen_lately(client: Client) -> None:
    beat(ago=timedelta(seconds=80))
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "reasons": [], "embedded": True}


@pytest.mark.parametrize("ago", [None, timedelta(seconds=100)])
def test_it_is_not_ready_when_no_worker_was_seen(client: Client, ago: timedelta | None) -> None:
    if ago:
        beat(ago=ago)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert "worker" in response.json()["reasons"][0]


def test_it_is_not_ready_when_a_migration_is_missing(client: Client) -> None:
    beat(ago=timedelta())
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'runner' AND name = '0001_heartbeat'")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["reasons"] == ["1 migrations are not applied"]
