from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory
from time_machine import travel

from accounts import services
from accounts.models import ApiToken, AuditEntry, Role, User
from accounts.tokens import TokenAuthentication

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    return User.objects.create_user("ada", role=Role.AUTHOR)


def issue(person: User, **over: object) -> tuple[ApiToken, str]:
    given = {"user": person, "name": "ci", "scopes": ["read"], "expires_at": None, "by": person} | over
    return services.issue_token(**given)  # type: ignore[arg-type]


def ask(header: str | None) -> tuple[User, ApiToken] | None:
    plain = APIRequestFactory().get("/")
    if header is not None:
        plain.META["HTTP_AUTHORIZATION"] = header
    return TokenAuthentication().authenticate(Request(plain))


def test_token_has_its_shape_and_only_its_digest_is_kept(person: User) -> None:
    token, text = issue(person)
    assert re.fullmatch(r"hc_[A-Za-z0-9]{8}_[A-Za-z0-9]{43}", text)
    secret = text.rsplit("_", 1)[1]
    assert bytes(token.digest) == services.digest(secret)
    assert secret not in str(ApiToken.objects.values().get())


def test_token_names_its_user_when_right(person: User) -> None:
    token, text = issue(person)
    assert ask(f"Bearer {text}") == (person, token)
    assert ask(f"bearer {text}") == (person, token)


@pytest.mark.parametrize("header", [None, "", "Basic YTpi"])
def test_others_may_try_when_no_bearer_token_is_sent(header: str | None) -> None:
    assert ask(header) is None


@pytest.mark.parametrize(
    "text",
    ["", "x y", "hc_short_secret", f"hc_{'a' * 8}_{'b' * 43}", f"hc_{'a' * 8}_{'b' * 43}\u00e9", "hc__"],
)
def test_token_is_refused_when_malformed_or_unknown(text: str) -> None:
    with pytest.raises(AuthenticationFailed):
        ask(f"Bearer {text}")


def test_token_is_refused_when_one_letter_differs(person: User) -> None:
    _, text = issue(person)
    other = "a" if text[-1] != "a" else "b"
    with pytest.raises(AuthenticationFailed):
        ask(f"Bearer {text[:-1]}{other}")


def test_token_is_refused_when_revoked(person: User) -> None:
    token, text = issue(person)
    services.revoke_token(token=token, by=person)
    services.revoke_token(token=token, by=person)
    with pytest.raises(AuthenticationFailed):
        ask(f"Bearer {text}")
    assert AuditEntry.objects.filter(verb="revoke_token").count() == 1


def test_token_is_refused_when_expired(person: User) -> None:
    _, text = issue(person, expires_at=timezone.now() + timedelta(days=1))
    assert ask(f"Bearer {text}")
    with travel(timezone.now() + timedelta(days=2), tick=False), pytest.raises(AuthenticationFailed):
        ask(f"Bearer {text}")


def test_token_is_refused_when_its_user_left(person: User) -> None:
    _, text = issue(person)
    User.objects.update(is_active=False)
    with pytest.raises(AuthenticationFailed):
        ask(f"Bearer {text}")


def test_use_is_written_once_a_minute_when_asked_often(person: User) -> None:
    token, text = issue(person)
    start = timezone.now()
    for seconds, expected in [(0, 0), (30, 0), (59, 0), (61, 61)]:
        with travel(start + timedelta(seconds=seconds), tick=False):
            ask(f"Bearer {text}")
        token.refresh_from_db()
        assert token.last_used_at == start + timedelta(seconds=expected)


def test_page_shows_a_new_token_once(client: Client, person: User) -> None:
    client.force_login(person)
    page = reverse("accounts:tokens")
    shown = client.post(page, {"name": "ci", "scopes": ["read"], "lifetime": "90"}).content.decode()
    text = re.search(r"hc_\w{8}_\w{43}", shown)
    assert text
    assert ask(f"Bearer {text.group()}")
    assert text.group() not in client.get(page).content.decode()
    token = ApiToken.objects.get()
    assert token.expires_at
    assert timedelta(days=89) < token.expires_at - timezone.now() <= timedelta(days=90)


def test_page_refuses_a_scope_beyond_the_role(client: Client, person: User) -> None:
    client.force_login(person)
    answer = client.post(
        reverse("accounts:tokens"), {"name": "ci", "scopes": ["taxonomy:write"], "lifetime": "never"}
    )
    assert answer.status_code == 422
    assert not ApiToken.objects.exists()


def test_page_keeps_what_was_typed_when_no_scope_is_chosen(client: Client, person: User) -> None:
    client.force_login(person)
    answer = client.post(reverse("accounts:tokens"), {"name": "ci", "lifetime": "never"})
    assert answer.status_code == 422
    assert b"Choose at least one" in answer.content
    assert b'value="ci"' in answer.content


def test_owner_revokes_on_the_page(client: Client, person: User) -> None:
    token, _ = issue(person)
    client.force_login(person)
    assert client.post(reverse("accounts:revoke_token", args=[token.identifier])).status_code == 302
    token.refresh_from_db()
    assert token.revoked_at


def test_others_tokens_are_not_found_when_revoked_by_address(client: Client, person: User) -> None:
    token, _ = issue(person)
    client.force_login(User.objects.create_user("eve", role=Role.ADMIN))
    assert client.post(reverse("accounts:revoke_token", args=[token.identifier])).status_code == 404
    assert token.identifier not in client.get(reverse("accounts:tokens")).content.decode()


def test_profile_sets_the_clock_when_a_zone_is_chosen(client: Client, person: User) -> None:
    client.force_login(person)
    page = reverse("accounts:profile")
    data = {"first_name": "Ada", "last_name": "", "role_title": "on-call engineer", "time_zone": "Asia/Tokyo"}
    assert client.post(page, data).status_code == 302
    person.refresh_from_db()
    assert (person.first_name, person.time_zone) == ("Ada", "Asia/Tokyo")
    assert ">Asia/Tokyo</a>" in client.get(page).content.decode()


def test_profile_is_unchanged_when_the_zone_is_made_up(client: Client, person: User) -> None:
    client.force_login(person)
    answer = client.post(reverse("accounts:profile"), {"first_name": "Ada", "time_zone": "Moon/Base"})
    assert answer.status_code == 422
    person.refresh_from_db()
    assert (person.first_name, person.time_zone) == ("", "")


def test_role_cannot_be_taken_when_the_profile_is_posted(client: Client, person: User) -> None:
    client.force_login(person)
    client.post(reverse("accounts:profile"), {"first_name": "Ada", "role": "admin", "is_staff": "on"})
    person.refresh_from_db()
    assert (person.role, person.is_staff) == (Role.AUTHOR, False)


def test_first_password_is_set_when_there_was_none(client: Client, person: User) -> None:
    person.set_unusable_password()
    person.save()
    client.force_login(person)
    new = "words that nobody guesses"
    page = reverse("accounts:password")
    assert client.post(page, {"new_password1": new, "new_password2": new}).status_code == 302
    person.refresh_from_db()
    assert person.check_password(new)
    assert client.get(page).status_code == 200  # still signed in


def test_password_stays_when_the_old_one_is_wrong(client: Client, person: User) -> None:
    person.set_password("a calm long password")
    person.save()
    client.force_login(person)
    new = "words that nobody guesses"
    data = {"old_password": "wrong", "new_password1": new, "new_password2": new}
    assert client.post(reverse("accounts:password"), data).status_code == 422
    person.refresh_from_db()
    assert person.check_password("a calm long password")
