"""The rules of the weekly review in the admin: a new row is a new version, and none is altered."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import AuditEntry, Role
from analytics.models import ReviewRules
from analytics.queries.spans import rules_in_force
from analytics.services import weeks
from incidents.services.refusals import Refused
from tests import make
from tests.admin.test_taxonomy import signed_in

pytestmark = pytest.mark.django_db
GIVEN = {
    "reviewable_lines": "400",
    "exposure_days": "14",
    "large_assisted_a_day": "3",
    "reason": "Small teams",
}


def test_a_curator_puts_a_new_version_in_force() -> None:
    before = rules_in_force()
    page = signed_in(Role.CURATOR)
    form = page.get(reverse("admin:analytics_reviewrules_add")).content.decode()
    assert 'value="200"' in form
    page.post(reverse("admin:analytics_reviewrules_add"), GIVEN)
    now = rules_in_force()
    assert (now.reviewable_lines, now.reason, ReviewRules.objects.count()) == (400, "Small teams", 2)
    assert now.said_by is not None
    assert AuditEntry.objects.filter(verb="put_rules_in_force", target_id=now.pk).exists()
    before.refresh_from_db()
    assert before.reviewable_lines == 200


def test_a_version_is_neither_altered_nor_deleted() -> None:
    now = rules_in_force()
    admin = signed_in(Role.ADMIN)
    assert admin.post(reverse("admin:analytics_reviewrules_change", args=[now.pk]), GIVEN).status_code == 403
    assert admin.post(reverse("admin:analytics_reviewrules_delete", args=[now.pk])).status_code == 403
    with pytest.raises(Refused, match="never altered"):
        weeks.put_in_force(rules=now, by=make.user(Role.CURATOR))
    assert rules_in_force().reviewable_lines == 200


@pytest.mark.parametrize(
    "bad", [{"reviewable_lines": "-1"}, {"exposure_days": "x"}, {"exposure_days": "99999"}]
)
def test_what_is_no_number_changes_nothing(bad: dict[str, str]) -> None:
    page = signed_in(Role.CURATOR)
    assert page.post(reverse("admin:analytics_reviewrules_add"), GIVEN | bad).status_code == 200
    assert ReviewRules.objects.count() == 1
