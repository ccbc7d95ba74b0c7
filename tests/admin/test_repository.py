"""What an admin says of a repository holds for the changes that are there already."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from changes.models import HistoryRun
from tests import make

pytestmark = pytest.mark.django_db


def test_merged_changes_ship_when_an_admin_says_that_a_merge_is_enough(client: Client) -> None:
    repository = make.repository()
    change = make.change(repository=repository, state="merged", shipped_basis="")
    change.shipped_at = None
    change.save()
    client.force_login(make.user(Role.ADMIN, is_staff=True))
    data = {
        "name": repository.name, "host": "github.com", "default_branch": "main", "merged_is_shipped": "on",
        "area_rules-TOTAL_FORMS": 0, "area_rules-INITIAL_FORMS": 0,
        "path_class_rules-TOTAL_FORMS": 0, "path_class_rules-INITIAL_FORMS": 0,
    }  # fmt: skip
    answer = client.post(reverse("admin:changes_repository_change", args=[repository.pk]), data)
    assert answer.status_code == 302, answer.content.decode()
    change.refresh_from_db()
    assert (change.state, change.shipped_basis, change.shipped_at) == ("shipped", "merge", change.merged_at)
    assert not HistoryRun.objects.exists()


def test_changes_are_placed_again_in_the_background_when_an_admin_edits_a_path_rule(client: Client) -> None:
    repository = make.repository()
    client.force_login(make.user(Role.ADMIN, is_staff=True))
    data = {
        "name": repository.name, "host": "github.com", "default_branch": "main",
        "area_rules-TOTAL_FORMS": 0, "area_rules-INITIAL_FORMS": 0,
        "path_class_rules-TOTAL_FORMS": 1, "path_class_rules-INITIAL_FORMS": 0,
        "path_class_rules-0-position": 10, "path_class_rules-0-glob": "bundle/**",
        "path_class_rules-0-path_class": "generated",
    }  # fmt: skip
    answer = client.post(reverse("admin:changes_repository_change", args=[repository.pk]), data)
    assert answer.status_code == 302, answer.content.decode()
    assert repository.path_class_rules.get().path_class == "generated"
    run = HistoryRun.objects.get()
    assert (run.kind, run.state, run.repository) == ("places", "waiting", repository)
