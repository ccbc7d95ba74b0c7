"""The curator's pages: counts, merging and taking apart, retiring; who may, and what is never lost."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from changes.models import Assistance, AssistanceKind, DetectionRule, DomainArea
from changes.queries.terms import uses
from incidents.models import PostmortemTemplate, Severity
from intake.models import LedgerEntry
from tests import make

pytestmark = pytest.mark.django_db
CURATED = [
    "changes_assistancekind", "changes_assistant", "changes_domainarea", "changes_detectionrule",
    "incidents_severity", "incidents_factorkind", "incidents_incidenttype", "incidents_postmortemtemplate",
    "incidents_wordingrule", "analytics_worklimit", "analytics_reviewrules",
]  # fmt: skip
OF_ADMINS = [
    "changes_repository", "changes_service", "changes_environment", "changes_markingpolicy", "changes_change",
    "changes_deployment", "changes_checkrun", "changes_seniorreviewer",
    "incidents_alertrule", "incidents_incident", "incidents_alert",
    "analytics_testscenario", "analytics_signalshown", "analytics_safeguard", "incidents_reminderpolicy",
]  # fmt: skip


def signed_in(role: Role) -> Client:
    client = Client()
    is_staff = role in {Role.CURATOR, Role.ADMIN}
    client.force_login(make.user(role, is_staff=is_staff), backend="accounts.backends.RoleBackend")
    return client


@pytest.fixture
def curator() -> Client:
    return signed_in(Role.CURATOR)


def kind(slug: str = "refactoring") -> AssistanceKind:
    return AssistanceKind.objects.get(slug=slug)


@pytest.mark.parametrize("name", [*CURATED, *OF_ADMINS])
@pytest.mark.parametrize("role", list(Role))
def test_list_opens_only_for_those_who_may(name: str, role: Role) -> None:
    may = role == Role.ADMIN or (role == Role.CURATOR and name in CURATED)
    response = signed_in(role).get(reverse(f"admin:{name}_changelist"))
    assert (response.status_code == 200) == may


@pytest.mark.parametrize("name", [*CURATED, *OF_ADMINS])
def test_first_record_opens_when_there_is_one(name: str) -> None:
    make.incident()
    make.deployment()
    app, model = name.split("_")
    first = apps.get_model(app, model)._default_manager.first()
    if first is not None:
        response = signed_in(Role.ADMIN).get(reverse(f"admin:{name}_change", args=[first.pk]))
        assert response.status_code == 200


def test_start_has_every_kind_area_and_severity() -> None:
    assert AssistanceKind.objects.count() == 10
    assert DomainArea.objects.filter(slug="payments", risk_level=DomainArea.Risk.HIGH).exists()
    assert list(Severity.objects.values_list("slug", flat=True)) == ["sev1", "sev2", "sev3", "sev4"]
    assert "critical" in Severity.objects.get(slug="sev1").aliases
    assert PostmortemTemplate.objects.get(severity=None).sections
    assert PostmortemTemplate.objects.get(is_short=True).severity == Severity.objects.get(slug="sev4")


def test_list_says_what_uses_a_kind(curator: Client) -> None:
    Assistance.objects.create(change=make.change(), kind=kind(), status="confirmed")
    page = curator.get(reverse("admin:changes_assistancekind_changelist")).content.decode()
    assert "1 changes" in page
    assert "nothing yet" in page


def test_names_are_edited_in_the_list(curator: Client) -> None:
    rows = list(AssistanceKind.objects.order_by("position", "name"))
    data = {"form-TOTAL_FORMS": len(rows), "form-INITIAL_FORMS": len(rows), "_save": "Save"}
    for number, row in enumerate(rows):
        data |= {
            f"form-{number}-id": row.pk,
            f"form-{number}-name": row.name,
            f"form-{number}-position": row.position,
        }
    data["form-0-name"] = "Writing code"
    curator.post(reverse("admin:changes_assistancekind_changelist"), data)
    assert AssistanceKind.objects.get(pk=rows[0].pk).name == "Writing code"
    assert LedgerEntry.objects.get(kind="taxonomy").object_id == rows[0].pk


def test_merge_shows_what_it_touches_and_is_undone(curator: Client) -> None:
    term, into = kind(), kind("design")
    Assistance.objects.create(change=make.change(), kind=term, status="confirmed")
    care = reverse("admin:changes_assistancekind_care", args=[term.pk])
    preview = curator.get(care, {"into": into.pk}).content.decode()
    assert '<th scope="row">Assistances</th><td>1</td>' in preview
    assert kind().merged_into is None
    curator.post(care, {"deed": "merge", "into": into.pk})
    assert kind().merged_into == into
    assert kind().merged_at is not None
    assert Assistance.objects.get().kind == term
    curator.post(care, {"deed": "unmerge"})
    assert kind().merged_into is None


def test_merge_into_a_merged_one_is_not_offered(curator: Client) -> None:
    term, merged = kind(), kind("design")
    merged.merged_into, merged.merged_at = kind("review"), datetime(2026, 1, 1, tzinfo=UTC)
    merged.save()
    care = reverse("admin:changes_assistancekind_care", args=[term.pk])
    curator.post(care, {"deed": "merge", "into": merged.pk})
    assert kind().merged_into is None


def test_retired_kind_is_no_longer_offered_until_restored(curator: Client) -> None:
    care = reverse("admin:changes_assistancekind_care", args=[kind().pk])
    curator.post(care, {"deed": "retire"})
    assert kind() not in AssistanceKind.objects.offered()
    curator.post(care, {"deed": "restore"})
    assert kind() in AssistanceKind.objects.offered()


def test_used_kind_cannot_be_deleted_and_unused_one_can(curator: Client) -> None:
    used, unused = kind(), kind("design")
    Assistance.objects.create(change=make.change(), kind=used, status="confirmed")
    for term, status in [(used, 403), (unused, 302)]:
        delete = reverse("admin:changes_assistancekind_delete", args=[term.pk])
        assert curator.post(delete, {"post": "yes"}).status_code == status
    assert list(AssistanceKind.objects.filter(slug__in=["refactoring", "design"])) == [used]


def test_uses_know_the_floors_above() -> None:
    lesson = make.lesson()
    lesson.kinds.add(kind())
    assert [(use.label, use.count) for use in uses(kind())] == [("lessons", 1)]


def test_care_is_closed_to_authors() -> None:
    care = reverse("admin:changes_assistancekind_care", args=[kind().pk])
    assert signed_in(Role.AUTHOR).post(care, {"deed": "retire"}).status_code in {302, 403}
    assert kind().retired_at is None


def test_severity_is_neither_added_nor_merged(curator: Client) -> None:
    assert curator.get(reverse("admin:incidents_severity_add")).status_code == 403
    assert (
        curator.get(reverse("admin:incidents_severity_care", args=[Severity.objects.all()[0].pk])).status_code
        == 404
    )


def test_restricted_incident_is_not_in_the_admin_of_who_is_not_named() -> None:
    client = signed_in(Role.ADMIN)
    hidden = make.incident(is_restricted=True, title="Very private matter")
    assert "Very private" not in client.get(reverse("admin:incidents_incident_changelist")).content.decode()
    response = client.get(reverse("admin:incidents_incident_change", args=[hidden.pk]))
    assert response.status_code == 302
    hidden.people.add(User.objects.get(pk=client.session["_auth_user_id"]))
    assert client.get(reverse("admin:incidents_incident_change", args=[hidden.pk])).status_code == 200


@pytest.mark.parametrize(
    "name", ["changes_change", "changes_deployment", "incidents_incident", "incidents_alert"]
)
def test_facts_cannot_be_added(name: str) -> None:
    assert signed_in(Role.ADMIN).get(reverse(f"admin:{name}_add")).status_code == 403


def test_every_model_of_the_admin_is_named_here() -> None:
    ours = {"changes", "incidents", "analytics"}
    found = {
        f"{model._meta.app_label}_{model._meta.model_name}"
        for model in admin.site._registry
        if model._meta.app_label in ours
    }
    assert found == {*CURATED, *OF_ADMINS}


def test_environment_is_mapped_in_the_list() -> None:
    deployment = make.deployment()
    environment = deployment.environment
    data = {
        "form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": environment.pk,
        "form-0-is_production": "false", "_save": "Save",
    }  # fmt: skip
    signed_in(Role.ADMIN).post(reverse("admin:changes_environment_changelist"), data)
    environment.refresh_from_db()
    assert environment.is_production is False


def test_rule_is_in_the_list_with_its_matches(curator: Client) -> None:
    rule = DetectionRule.objects.first()
    assert rule is not None
    make.change().evidence.create(
        rule_key=rule.key, rule_version=1, place=rule.place, strength="strong", excerpt="something"
    )
    page = curator.get(reverse("admin:changes_detectionrule_changelist"), {"q": rule.key}).content.decode()
    assert '<td class="field-matches">1</td>' in page


@pytest.mark.parametrize(
    ("typed", "kept"), [("", []), ("P1\r\n high \n", ["P1", "high"]), ('{"a": 1}', ['{"a": 1}'])]
)
def test_what_senders_call_a_severity_is_typed_a_line_each(
    typed: str, kept: list[str], curator: Client
) -> None:
    severity = Severity.objects.get(slug="sev2")
    address = reverse("admin:incidents_severity_change", args=[severity.pk])
    told = {"name": "SEV2", "description": "", "postmortem_days": "5", "aliases": typed}
    assert curator.post(address, told).status_code == 302
    severity.refresh_from_db()
    assert severity.aliases == kept


@pytest.mark.parametrize("row", ["x", "", "-1", "9" * 19, "\u0663"])
def test_an_action_is_refused_when_a_row_has_no_number(row: str, curator: Client) -> None:
    told = {"action": "retire", "_selected_action": ["1", row], "index": "0"}
    assert curator.post(reverse("admin:changes_assistancekind_changelist"), told).status_code == 400
    assert not AssistanceKind.objects.exclude(retired_at=None).exists()


def test_a_form_is_refused_whole_when_it_holds_a_nul(curator: Client) -> None:
    template = PostmortemTemplate.objects.get(is_short=True)
    address = reverse("admin:incidents_postmortemtemplate_change", args=[template.pk])
    assert curator.post(address, {"name": "Short", "sections-0-title": "a\0b"}).status_code == 400
