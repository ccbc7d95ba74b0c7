from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser, Permission
from django.test import Client
from django.urls import reverse

from accounts import services
from accounts.backends import CURATED, RoleBackend
from accounts.models import ApiToken, AuditEntry, Mail, Role, Team, User

pytestmark = pytest.mark.django_db


def person(role: Role, **over: object) -> User:
    user = User(username=f"{role}-person", role=role, **over)
    return services.save_user(user=user, by=None)


@pytest.mark.parametrize("label", sorted(CURATED))
def test_curated_model_exists(label: str) -> None:
    assert apps.get_model(label)


@pytest.mark.parametrize(
    ("role", "taxonomy", "people"),
    [
        (Role.VIEWER, False, False),
        (Role.AUTHOR, False, False),
        (Role.CURATOR, True, False),
        (Role.ADMIN, True, True),
    ],
)
def test_role_decides_what_the_admin_allows(role: Role, taxonomy: bool, people: bool) -> None:
    user = person(role)
    assert user.has_perm("changes.change_domainarea") is taxonomy
    assert user.has_perm("accounts.change_user") is people
    assert user.has_module_perms("changes") is taxonomy
    assert user.has_module_perms("accounts") is people
    assert user.is_staff is taxonomy


def test_single_permission_grants_nothing_when_the_role_does_not() -> None:
    user = person(Role.VIEWER)
    user.user_permissions.add(Permission.objects.get(codename="change_user"))
    assert not user.has_perm("accounts.change_user")
    assert user.get_all_permissions() == set()


def test_nothing_is_allowed_when_the_person_left() -> None:
    user = person(Role.ADMIN, is_active=False)
    assert not user.has_perm("accounts.change_user")
    assert not user.has_module_perms("accounts")
    assert not RoleBackend().has_perm(AnonymousUser(), "accounts.change_user")


def test_all_permissions_agree_with_single_ones_when_a_curator_asks() -> None:
    user = person(Role.CURATOR)
    assert all(user.has_perm(name) for name in user.get_all_permissions())
    assert "changes.add_domainarea" in user.get_all_permissions()


def test_role_change_moves_the_way_into_the_admin() -> None:
    user = person(Role.ADMIN)
    user.role = Role.AUTHOR
    services.save_user(user=user, by=None)
    assert not User.objects.get(pk=user.pk).is_staff


@pytest.mark.parametrize("model", [User, Team, ApiToken, AuditEntry, Mail])
@pytest.mark.parametrize(("role", "status"), [(Role.ADMIN, 200), (Role.CURATOR, 403), (Role.AUTHOR, 302)])
def test_admin_list_opens_for_admins_only(client: Client, model: type, role: Role, status: int) -> None:
    client.force_login(person(role))
    name = model._meta.model_name  # type: ignore[attr-defined]
    assert client.get(reverse(f"admin:accounts_{name}_changelist")).status_code == status


def test_admin_makes_a_link_that_works(client: Client) -> None:
    user, guest = person(Role.ADMIN), person(Role.VIEWER)
    client.force_login(user)
    data = {"action": "make_sign_in_link", "_selected_action": [guest.pk]}
    page = client.post(reverse("admin:accounts_user_changelist"), data, follow=True).content.decode()
    path = page[page.index("/account/link/") :].split("/", 4)
    assert Client().post("/".join(path[:4]) + "/").status_code == 302


def test_admin_saves_a_person_through_the_service(client: Client) -> None:
    client.force_login(person(Role.ADMIN))
    data = {"username": "grace", "role": "curator", "usable_password": "false"}
    answer = client.post(reverse("admin:accounts_user_add"), data)
    assert answer.status_code == 302
    grace = User.objects.get(username="grace")
    assert grace.is_staff
    assert AuditEntry.objects.filter(verb="add_user", target_id=grace.pk).exists()


def test_admin_revokes_a_token(client: Client) -> None:
    user = person(Role.ADMIN)
    token, _ = services.issue_token(user=user, name="ci", scopes=["read"], expires_at=None, by=user)
    client.force_login(user)
    data = {"action": "revoke", "_selected_action": [token.pk]}
    client.post(reverse("admin:accounts_apitoken_changelist"), data)
    token.refresh_from_db()
    assert token.revoked_at


def test_admin_has_no_sign_in_of_its_own(client: Client) -> None:
    answer = client.get(reverse("admin:login"), {"next": "/admin/accounts/team/"})
    assert answer["Location"] == "/account/sign-in/?next=%2Fadmin%2Faccounts%2Fteam%2F"
    client.force_login(person(Role.AUTHOR))
    assert client.get(reverse("admin:login")).status_code == 403
