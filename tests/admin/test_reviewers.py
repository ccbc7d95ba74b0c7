"""The list of senior reviewers: people's accounts, for admins alone."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import AuditEntry, Role
from changes.models import SeniorReviewer
from tests.admin.test_taxonomy import signed_in

pytestmark = pytest.mark.django_db
ADD = "admin:changes_seniorreviewer_add"


def test_an_account_is_kept_as_the_forge_writes_it() -> None:
    client = signed_in(Role.ADMIN)
    assert client.post(reverse(ADD), {"account": " @Octocat ", "repository": ""}).status_code == 302
    row = SeniorReviewer.objects.get()
    assert (row.account, row.repository) == ("octocat", None)
    assert client.post(reverse(ADD), {"account": "octoCAT", "repository": ""}).status_code == 200
    assert SeniorReviewer.objects.count() == 1
    assert AuditEntry.objects.get(verb="list_senior_reviewer").detail == {}


@pytest.mark.parametrize("account", ["", "@", "Octo Cat"])
def test_what_is_no_account_is_refused(account: str) -> None:
    assert signed_in(Role.ADMIN).post(reverse(ADD), {"account": account}).status_code == 200
    assert not SeniorReviewer.objects.exists()


@pytest.mark.parametrize("role", [Role.CURATOR, Role.AUTHOR])
def test_nobody_else_writes_the_list(role: Role) -> None:
    assert signed_in(role).post(reverse(ADD), {"account": "octocat"}).status_code in {302, 403}
    assert not SeniorReviewer.objects.exists()


def test_who_is_taken_off_is_noted_without_a_name() -> None:
    row = SeniorReviewer.objects.create(account="octocat")
    client = signed_in(Role.ADMIN)
    data = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    client.post(reverse("admin:changes_seniorreviewer_changelist"), data)
    assert not SeniorReviewer.objects.exists()
    assert AuditEntry.objects.filter(verb="unlist_senior_reviewer").count() == 1
