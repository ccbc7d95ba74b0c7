"""The pages of what shipped, and the three things that a person may say there."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from changes.models import (
    Change,
    Decision,
    Deployment,
    DomainArea,
    Environment,
    Origin,
    Repository,
    Service,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def repository() -> Repository:
    return Repository.objects.create(name="shop/checkout")


@pytest.fixture
def change(repository: Repository) -> Change:
    return Change.objects.create(
        repository=repository, title="Retry declined charges", additions=3, deletions=2
    )


def signed_in(client: Client, role: Role = Role.AUTHOR) -> User:
    user = User.objects.create(username=role, role=role)
    client.force_login(user)
    return user


def test_lists_teach_when_nothing_is_there(client: Client) -> None:
    signed_in(client)
    assert b"import_git" in client.get(reverse("changes:list")).content
    assert b"curl -X POST" in client.get(reverse("changes:deployments")).content
    assert b"import_git" in client.get(reverse("changes:repositories")).content


def test_pages_show_what_is_known(client: Client, change: Change, repository: Repository) -> None:
    signed_in(client)
    service = Service.objects.create(name="Checkout", slug="checkout", repository=repository)
    environment = Environment.objects.create(name="production", is_production=True)
    deployment = Deployment.objects.create(
        repository=repository, service=service, environment=environment, external_id="1", sha="a" * 40
    )
    deployment.changes.add(change)
    for name, arguments in [
        ("changes:list", []),
        ("changes:detail", [change.pk]),
        ("changes:deployment", [deployment.pk]),
        ("changes:repository", [repository.pk]),
    ]:
        assert b"shop/checkout" in client.get(reverse(name, args=arguments)).content, name
    assert (
        b"Retry declined charges" in client.get(reverse("changes:deployment", args=[deployment.pk])).content
    )
    assert client.get(reverse("changes:service", args=["checkout"])).status_code == 200


def test_double_leads_to_the_change_that_stands(
    client: Client, change: Change, repository: Repository
) -> None:
    signed_in(client)
    double = Change.objects.create(repository=repository, title="the same", merged_into=change)
    answer = client.get(reverse("changes:detail", args=[double.pk]))
    assert answer.headers["Location"] == change.get_absolute_url()


def test_person_says_origin_kind_and_area(client: Client, change: Change) -> None:
    author = signed_in(client)
    client.post(reverse("changes:decide_origin", args=[change.pk]), {"origin": "assisted"})
    client.post(
        reverse("changes:decide_kind", args=[change.pk]), {"kind": "refactoring", "verdict": "confirmed"}
    )
    client.post(reverse("changes:decide_area", args=[change.pk]), {"area": "payments"})
    change.refresh_from_db()
    assert (change.origin, change.origin_basis) == (Origin.ASSISTED, "person")
    assert change.area == DomainArea.objects.get(slug="payments")
    assert list(change.assistances.values_list("kind__slug", "status", "counted")) == [
        ("refactoring", "confirmed", True)
    ]
    assert set(Decision.objects.values_list("said_by", "prompted_by")) == {(author.pk, "change_page")}


def test_nothing_is_said_when_a_viewer_or_nonsense_speaks(client: Client, change: Change) -> None:
    signed_in(client, Role.VIEWER)
    origin = reverse("changes:decide_origin", args=[change.pk])
    assert client.post(origin, {"origin": "assisted"}).status_code == 403
    signed_in(client)
    assert client.post(origin, {"origin": "human"}).status_code == 400
    assert client.post(reverse("changes:decide_kind", args=[change.pk]), {"kind": "x"}).status_code == 400
    assert client.post(reverse("changes:decide_area", args=[change.pk]), {"area": "x"}).status_code == 400
    assert client.get(origin).status_code == 405
    assert not Decision.objects.exists()


def test_yes_or_no_narrows_nothing_until_somebody_chooses(client: Client, change: Change) -> None:
    signed_in(client)
    narrowed = client.get(reverse("changes:list"), {"origin": "unknown", "draft": "", "automation": ""})
    text = narrowed.content.decode()
    assert "Retry declined charges" in text
    assert '<option value="" selected>Any</option>' in text
    assert '<option value="true" selected>' not in text
    assert b"Retry declined charges" not in client.get(reverse("changes:list"), {"draft": "true"}).content
