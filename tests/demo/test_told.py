"""What people were told of demonstration data."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts import notices
from accounts.models import Notification
from analytics.services import demo
from tests import make


@pytest.mark.django_db
def test_what_people_were_told_of_it_goes_with_it() -> None:
    made_up, real, person = make.incident(is_demo=True), make.incident(), make.user()
    for incident in (made_up, real):
        notices.tell(
            users=[person],
            kind="review",
            key=f"review:{incident.pk}",
            text="You are asked to review it",
            path="/incidents/",
            about=notices.about(incident),
            now=timezone.now(),
        )
    demo.remove_demo(by=None)
    assert [one.about for one in Notification.objects.all()] == [f"incident:{real.pk}"]
