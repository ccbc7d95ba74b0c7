"""What the environment says of mail is checked at the start: a slip stops it, and is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env, mail


def test_nothing_can_be_sent_when_no_server_is_named() -> None:
    assert mail.backend("") == "django.core.mail.backends.dummy.EmailBackend"
    assert mail.sender("", "")


def test_server_is_used_when_one_is_named() -> None:
    assert mail.backend("smtp.example.org") == "django.core.mail.backends.smtp.EmailBackend"
    assert mail.sender("smtp.example.org", "Hindcast <hindcast@example.org>")
    assert mail.sender("smtp.example.org", "hindcast@example.org")


@pytest.mark.parametrize("address", ["", "Hindcast", "@example.org", "hindcast@", "a@b.c\nBcc: x@y.z"])
def test_server_without_a_good_sender_stops_the_start(address: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="MAIL_FROM"):
        mail.sender("smtp.example.org", address)


@pytest.mark.parametrize("hour", [-1, 24])
def test_hour_that_no_day_has_stops_the_start(hour: int) -> None:
    with pytest.raises(ImproperlyConfigured, match="MAIL_HOUR"):
        mail.hour(hour)


def test_word_that_is_not_offered_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_SECURITY", "SSL")
    with pytest.raises(ImproperlyConfigured, match="starttls, tls, none"):
        env.one_of("MAIL_SECURITY", mail.STARTTLS, mail.SECURITIES)
    monkeypatch.setenv("MAIL_SECURITY", " TLS ")
    assert env.one_of("MAIL_SECURITY", mail.STARTTLS, mail.SECURITIES) == "tls"


def test_password_comes_from_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret\n")
    monkeypatch.setenv("MAIL_PASSWORD_FILE", str(tmp_path / "password"))
    assert env.text("MAIL_PASSWORD") == "secret"
