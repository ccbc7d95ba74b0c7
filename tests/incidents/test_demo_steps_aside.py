"""Lists show demonstration data until the first real fact, and never after it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from incidents.models import ActionItem
from intake.services import note_first_real_fact
from tests import make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "name",
    ["incidents:list", "incidents:lessons", "incidents:actions", "changes:list", "changes:deployments"],
)
def test_demonstration_steps_aside_when_a_real_fact_comes(client: Client, name: str) -> None:
    client.force_login(make.user())
    for is_demo, word in ((True, "Madeup"), (False, "Genuine")):
        repository = make.repository(name=f"{word}/shop", is_demo=is_demo)
        make.change(repository=repository, title=f"{word} change")
        make.deployment(repository=repository)
        incident = make.incident(title=f"{word} outage", is_demo=is_demo)
        make.lesson(text=f"{word} lesson", is_demo=is_demo)
        ActionItem.objects.create(incident=incident, title=f"{word} action")
    before = client.get(reverse(name)).content.decode()
    assert "Madeup" in before
    assert "Genuine" in before
    note_first_real_fact(at=timezone.now())
    after = client.get(reverse(name)).content.decode()
    assert "Madeup" not in after
    assert "Genuine" in after
