"""What people say of a review: the size of the change, and whether it could be read with care."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, Role, Team, User
from changes.models import (
    Change,
    ChangeIdentity,
    CheckRun,
    Deployment,
    ReviewCare,
    ReviewRemark,
    Service,
    SizeException,
)
from changes.services import care
from changes.services.reviews import move_reviews
from changes.services.size_exceptions import reason_in, say_size_exception
from intake.models import LedgerEntry
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def change() -> Change:
    row = make.change(title="Round totals once", counted_lines=900, size_band="large")
    ChangeIdentity.objects.create(
        change=row, repository=row.repository, space="number", role="number", value="41"
    )
    return row


@pytest.fixture
def link(change: Change) -> str:
    return reverse("changes:care", args=[care.care_token(change.pk, timezone.now())])


def page(client: Client, change: Change) -> str:
    response = client.get(reverse("changes:detail", args=[change.pk]))
    assert response.status_code == 200
    return response.content.decode()


# Could it be reviewed as carefully as it needs?


@pytest.mark.parametrize("answer", ["yes", "not_really", "no"])
def test_an_answer_is_kept_without_a_person(client: Client, change: Change, answer: str) -> None:
    client.force_login(make.user(Role.VIEWER))
    client.post(reverse("changes:answer_care", args=[change.pk]), {"answer": answer})
    row = ReviewCare.objects.get()
    assert (row.change_id, row.answer) == (change.pk, answer)
    entry = LedgerEntry.objects.get(kind="change", object_id=change.pk)
    assert entry.actor_id is None
    assert not AuditEntry.objects.exists()
    assert "Answered from this browser." in page(client, change)


def test_a_second_tap_of_a_browser_changes_nothing(client: Client, change: Change) -> None:
    client.force_login(make.user())
    for answer in ("yes", "no"):
        client.post(reverse("changes:answer_care", args=[change.pk]), {"answer": answer})
    assert ReviewCare.objects.get().answer == "yes"


def test_the_link_opens_three_buttons_and_alters_nothing(client: Client, link: str) -> None:
    for method in (client.get, client.head):
        response = method(link)
        assert response.status_code == 200
        assert "noindex" in response["X-Robots-Tag"]
    text = client.get(link).content.decode()
    assert text.count('name="answer"') == 3
    assert "#41" in text
    assert "Round totals once" not in text
    assert "/changes/" not in text
    assert not ReviewCare.objects.exists()
    assert not Session.objects.exists()


def test_the_link_takes_an_answer_without_a_sign_in(client: Client, change: Change, link: str) -> None:
    assert "Thank you" in client.post(link, {"answer": "no"}).content.decode()
    assert client.post(link, {"answer": "yes"}).status_code == 200
    assert ReviewCare.objects.get().answer == "no"
    assert Client().post(link, {"answer": "yes"}).status_code == 200
    assert change.care.count() == 2


def test_whoever_is_signed_in_sees_which_change_it_is(client: Client, change: Change, link: str) -> None:
    client.force_login(make.user())
    assert "Round totals once" in client.get(link).content.decode()


def test_a_post_from_elsewhere_is_refused(link: str) -> None:
    assert Client(enforce_csrf_checks=True).post(link, {"answer": "no"}).status_code == 403
    assert not ReviewCare.objects.exists()


def test_a_wrong_answer_is_refused(client: Client, link: str, change: Change) -> None:
    assert client.post(link, {"answer": "maybe"}).status_code == 422
    client.force_login(make.user())
    client.post(reverse("changes:answer_care", args=[change.pk]), {"answer": ""})
    assert not ReviewCare.objects.exists()


def test_a_link_opens_nothing_when_it_is_altered_old_or_its_change_is_gone(
    client: Client, change: Change, link: str
) -> None:
    assert client.get(link.replace("~", "x~")).status_code == 404
    assert client.get(reverse("changes:care", args=["1"])).status_code == 404
    old = care.care_token(change.pk, timezone.now() - timedelta(days=91))
    assert client.get(reverse("changes:care", args=[old])).status_code == 410
    assert client.post(reverse("changes:care", args=[old]), {"answer": "yes"}).status_code == 410
    gone = care.care_token(change.pk + 999, timezone.now())
    assert client.get(reverse("changes:care", args=[gone])).status_code == 404
    assert not ReviewCare.objects.exists()


def test_a_link_that_is_everywhere_does_not_fill_the_table(
    client: Client, change: Change, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(care, "MOST_ANSWERS", 2)
    for _ in range(2):
        Client().post(link, {"answer": "yes"})
    assert client.post(link, {"answer": "no"}).status_code == 422
    assert change.care.count() == 2


def test_answers_go_with_the_change_that_a_double_turned_out_to_be(change: Change) -> None:
    double = make.change(repository=change.repository, merged_into=change)
    token = care.care_token(double.pk, timezone.now())
    opened = care.opened(token, timezone.now())
    assert opened == change
    care.record_care(change_id=double.pk, answer="no", now=timezone.now())
    assert change.care.get().answer == "no"


# Why it is so large


def test_a_reason_is_asked_for_and_kept_when_a_change_is_large(client: Client, change: Change) -> None:
    client.force_login(make.user())
    assert "Why it is so large" in page(client, change)
    address = reverse("changes:size_exception", args=[change.pk])
    client.post(address, {"reason": " "})
    assert not SizeException.objects.exists()
    client.post(address, {"reason": "One rename."})
    client.post(address, {"reason": "One rename, made by the compiler."})
    assert SizeException.objects.get().reason == "One rename, made by the compiler."
    assert "One rename, made by the compiler." in page(client, change)
    assert LedgerEntry.objects.filter(kind="change", object_id=change.pk).count() == 2
    client.post(address, {"withdraw": "1"})
    assert not SizeException.objects.exists()


def test_no_reason_is_asked_for_when_a_change_is_small(client: Client) -> None:
    client.force_login(make.user())
    assert "Why it is so large" not in page(client, make.change(counted_lines=200))
    assert "Why it is so large" not in page(client, make.change(additions=None, deletions=None))


def test_a_viewer_reads_the_reason_and_says_none(client: Client, change: Change) -> None:
    say_size_exception(change_id=change.pk, reason="One rename.", by=make.user(), now=timezone.now())
    client.force_login(make.user(Role.VIEWER))
    text = page(client, change)
    assert "One rename." in text
    assert "exception-reason" not in text
    address = reverse("changes:size_exception", args=[change.pk])
    assert client.post(address, {"reason": "Mine"}).status_code == 403


@pytest.mark.parametrize(("message", "reason"), [
    ("Size-exception: generated", "generated"),
    ("Text\n\nsize-EXCEPTION:  moved files \nMore", "moved files"),
    ("Size-exception:", ""), ("Size-exception:\nNext line", ""), ("The Size-exception: not here", ""),
    ("", ""),
])  # fmt: skip
def test_a_line_of_the_description_says_it_as_well(message: str, reason: str) -> None:
    assert reason_in(message) == reason


def test_the_later_words_stand_when_two_changes_were_one(change: Change) -> None:
    now, double = timezone.now(), make.change(repository=change.repository)
    say_size_exception(change_id=change.pk, reason="First", by=None, now=now - timedelta(hours=1))
    say_size_exception(change_id=double.pk, reason="Second", by=None, now=now)
    care.record_care(change_id=double.pk, answer="no", now=now)
    move_reviews(double, change)
    assert SizeException.objects.get().change_id == change.pk
    assert SizeException.objects.get().reason == "Second"
    assert change.care.count() == 1


# Beside the reviews


def test_remarks_and_checks_stand_on_the_page(client: Client, change: Change) -> None:
    ChangeIdentity.objects.create(
        change=change, repository=change.repository, space="sha", role="head", value="b" * 40
    )
    now = timezone.now()
    for number, (means, deleted) in enumerate([(True, None), (False, None), (True, now)]):
        ReviewRemark.objects.create(
            change=change, external_id=str(number), at=now, reviewer_in_change=b"1" * 32,
            is_meaningful=means, deleted_at=deleted, told_at=now,
        )  # fmt: skip
    for number, (status, end, word) in enumerate(
        [("completed", "told", "failure"), ("running", "", ""), ("completed", "superseded", "")]
    ):
        CheckRun.objects.create(
            repository=change.repository, kind="workflow", external_id=str(number), name=f"Tests {number}",
            sha="b" * 40, status=status, conclusion=word, end_basis=end, queued_at=now, told_at=now,
            completed_at=now + timedelta(minutes=4) if end else None,
        )  # fmt: skip
    client.force_login(make.user())
    text = page(client, change)
    assert "1 remark by others" in text
    assert "failure" in text
    assert "passed over by a later one" in text
    assert "4 min" in text


# Deployments and services


def owned() -> tuple[Service, User, User]:
    team = Team.objects.create(name="Payments", slug="payments-of-this")
    owner, other = make.user(), make.user()
    team.members.add(owner)
    return make.service(team=team), owner, other


def test_the_owning_team_says_what_sort_a_deployment_was(client: Client) -> None:
    service, owner, other = owned()
    row = make.deployment(service=service, status="succeeded")
    address = reverse("changes:deployment_kind", args=[row.pk])
    client.force_login(other)
    assert client.post(address, {"kind": "hotfix", "reason": "x"}).status_code == 403
    client.force_login(owner)
    client.post(address, {"kind": "hotfix", "reason": ""})
    assert Deployment.objects.get(pk=row.pk).kind == "planned"
    client.post(address, {"kind": "hotfix", "reason": "The basket was empty for everyone."})
    assert Deployment.objects.get(pk=row.pk).kind_basis == "person"
    text = client.get(reverse("changes:deployment", args=[row.pk])).content.decode()
    assert "The basket was empty for everyone." in text
    assert owner.username not in text.split("<main")[1]


def test_the_owning_team_says_whether_incidents_come_in(client: Client) -> None:
    service, owner, other = owned()
    address = reverse("changes:service_reporting", args=[service.slug])
    client.force_login(other)
    assert client.post(address, {"reports_incidents": "no"}).status_code == 403
    client.force_login(owner)
    client.post(address, {"reports_incidents": "no", "exposure_days": "21"})
    service.refresh_from_db()
    assert (service.reports_incidents, service.exposure_days) == (False, 21)
    assert LedgerEntry.objects.filter(kind="service", object_id=service.pk).count() == 1
    text = client.get(reverse("changes:service", args=[service.slug])).content.decode()
    assert "not measured, and not 0" in text
    client.post(address, {"reports_incidents": "", "exposure_days": ""})
    service.refresh_from_db()
    assert (service.reports_incidents, service.exposure_days) == (None, None)
    assert AuditEntry.objects.filter(verb="say_incident_reporting").count() == 2


@pytest.mark.parametrize(("days", "status"), [("0", 302), ("366", 302), ("1.5", 400), ("many", 400)])
def test_days_that_are_none_change_nothing(client: Client, days: str, status: int) -> None:
    service, owner, _ = owned()
    client.force_login(owner)
    address = reverse("changes:service_reporting", args=[service.slug])
    assert client.post(address, {"reports_incidents": "yes", "exposure_days": days}).status_code == status
    service.refresh_from_db()
    assert (service.reports_incidents, service.exposure_days) == (None, None)
