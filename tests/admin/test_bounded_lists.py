"""Lists of facts in the admin count no further than anybody pages."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from tests import make

pytestmark = pytest.mark.django_db


def listed(client: Client, query: str = "") -> str:
    answer = client.get(reverse("admin:changes_change_changelist") + query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


MORE = "There are more than these 3"


def test_list_says_so_when_there_are_more_than_are_counted(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("changes.admin.facts.MOST_LISTED", 3)
    client.force_login(make.user(Role.ADMIN, is_staff=True))
    for number in range(3):
        make.change(title=f"Retry {number}")
    text = listed(client)
    assert "3 changes" in text
    assert MORE not in text
    make.change(title="Retry once more", repository=make.repository())
    make.change(title="Another", repository=make.repository())
    text = listed(client)
    # Counted is at least the page that is shown and the next.
    assert "5 changes" in text
    monkeypatch.setattr("changes.admin.facts.FactAdmin.list_per_page", 1)
    assert MORE in listed(client)
    assert MORE in listed(client, "?q=Retry")
