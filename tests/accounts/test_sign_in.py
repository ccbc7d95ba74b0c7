from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from time_machine import travel

from accounts import services
from accounts.models import AuditEntry, Role, SignInAttempt, SignInLink, User

pytestmark = pytest.mark.django_db

PASSWORD = "a calm long password"


@pytest.fixture
def person() -> User:
    return User.objects.create_user("ada", password=PASSWORD, role=Role.AUTHOR)


def sign_in(client: Client, password: str = PASSWORD, **more: str) -> int:
    answer = client.post(reverse("accounts:sign_in"), {"username": "ada", "password": password, **more})
    return answer.status_code


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def link_address(user: User) -> str:
    return reverse("accounts:link", args=[services.open_sign_in_link(user=user)])


def test_password_opens_when_right(client: Client, person: User) -> None:
    assert sign_in(client) == 302
    assert is_signed_in(client)


def test_page_says_why_when_password_is_wrong(client: Client, person: User) -> None:
    answer = client.post(reverse("accounts:sign_in"), {"username": "ada", "password": "wrong"})
    assert answer.status_code == 422
    assert b"do not fit together" in answer.content
    assert not is_signed_in(client)


def test_right_password_is_refused_when_five_tries_failed(client: Client, person: User) -> None:
    for _ in range(5):
        sign_in(client, "wrong")
    assert sign_in(client) == 422
    assert not is_signed_in(client)


def test_right_password_opens_again_when_a_quarter_has_passed(client: Client, person: User) -> None:
    for _ in range(5):
        sign_in(client, "wrong")
    with travel(timezone.now() + timedelta(minutes=16), tick=False):
        assert sign_in(client) == 302


def test_case_of_the_name_does_not_matter_when_tries_are_counted(person: User) -> None:
    for name in ("ada", "ADA", " Ada "):
        services.record_failed_sign_in(name=name, address="192.0.2.1")
    assert SignInAttempt.objects.values("name_digest").distinct().count() == 1


def test_neither_name_nor_address_is_stored_when_a_try_fails(client: Client, person: User) -> None:
    sign_in(client, "wrong")
    attempt = SignInAttempt.objects.get()
    assert b"ada" not in bytes(attempt.name_digest)
    assert b"127.0.0.1" not in bytes(attempt.address_digest)


def test_old_tries_go_when_a_new_one_comes(person: User) -> None:
    with travel(timezone.now() - timedelta(hours=2), tick=False):
        services.record_failed_sign_in(name="ada", address="192.0.2.1")
    services.record_failed_sign_in(name="ada", address="192.0.2.1")
    assert SignInAttempt.objects.count() == 1


@pytest.mark.parametrize(
    "target",
    [
        "https://elsewhere.example/",
        "//elsewhere.example",
        "javascript:alert(1)",
        "%2f%2felsewhere",
        "admin:index",
    ],
)
def test_sign_in_stays_here_when_next_leads_away(client: Client, person: User, target: str) -> None:
    answer = client.post(
        reverse("accounts:sign_in"), {"username": "ada", "password": PASSWORD, "next": target}
    )
    assert answer["Location"] == "/"
    again = client.get(reverse("accounts:sign_in"), {"next": target})
    assert again["Location"] == "/"


def test_sign_in_leads_on_when_next_is_here(client: Client, person: User) -> None:
    answer = client.post(
        reverse("accounts:sign_in"), {"username": "ada", "password": PASSWORD, "next": "/account/tokens/"}
    )
    assert answer["Location"] == "/account/tokens/"


def test_link_is_not_spent_when_only_looked_at(client: Client, person: User) -> None:
    address = link_address(person)
    for _ in range(3):
        assert client.get(address).status_code == 200
    assert not is_signed_in(client)
    assert SignInLink.objects.get().used_at is None


def test_link_signs_in_once_when_posted(client: Client, person: User) -> None:
    address = link_address(person)
    assert client.post(address).status_code == 302
    assert is_signed_in(client)
    second = Client()
    assert second.post(address).status_code == 410
    assert not is_signed_in(second)


def test_link_needs_the_form_when_csrf_is_checked(person: User) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post(link_address(person)).status_code == 403
    assert SignInLink.objects.get().used_at is None


def test_link_is_refused_when_sixteen_minutes_old(client: Client, person: User) -> None:
    address = link_address(person)
    with travel(timezone.now() + timedelta(minutes=16), tick=False):
        assert client.get(address).status_code == 410
        assert client.post(address).status_code == 410
    assert not is_signed_in(client)


def test_link_is_refused_when_its_user_left(client: Client, person: User) -> None:
    address = link_address(person)
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert client.post(address).status_code == 410


def test_link_is_refused_when_unknown(client: Client) -> None:
    assert client.post(reverse("accounts:link", args=["made-up"])).status_code == 410


def test_only_a_digest_is_kept_when_a_link_is_made(person: User) -> None:
    secret = services.open_sign_in_link(user=person)
    assert secret.encode() not in bytes(SignInLink.objects.get().digest)
    assert not AuditEntry.objects.filter(detail__icontains=secret).exists()


def test_sign_out_needs_post(client: Client, person: User) -> None:
    client.force_login(person)
    assert client.get(reverse("accounts:sign_out")).status_code == 405
    assert is_signed_in(client)
    assert client.post(reverse("accounts:sign_out")).status_code == 302
    assert not is_signed_in(client)


def test_first_admin_has_no_password_when_nobody_exists(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("ensure_admin")
    user = User.objects.get()
    assert user.role == Role.ADMIN
    assert user.is_staff
    assert not user.has_usable_password()
    call_command("ensure_admin")
    assert User.objects.count() == 1


def test_command_prints_a_link_that_works_when_an_admin_exists(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("ensure_admin")
    capsys.readouterr()
    call_command("sign_in_link")
    address = capsys.readouterr().out.strip()
    path = address[address.index("/account/") :]
    assert client.post(path).status_code == 302
    assert is_signed_in(client)


def test_command_says_so_when_there_is_no_admin(person: User) -> None:
    with pytest.raises(CommandError, match="no active admin"):
        call_command("sign_in_link")
    with pytest.raises(CommandError, match="no active user named 'eve'"):
        call_command("sign_in_link", user="eve")
