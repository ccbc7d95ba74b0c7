"""Times as senders write them, secrets at rest, and the check at start."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from intake import checks, queries, services
from intake.models import Source
from intake.sealing import Unsealable, seal, unseal
from intake.sources import Letter, Unprocessable, instant
from tests import make


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-02-06T00:17:58.432911368Z", datetime(2020, 2, 6, 0, 17, 58, 432911, UTC)),
        ("2022-07-29T11:17:27.3Z", datetime(2022, 7, 29, 11, 17, 27, 300000, UTC)),
        ("2017-12-10 17:01:11 UTC", datetime(2017, 12, 10, 17, 1, 11, tzinfo=UTC)),
        ("2021-04-28 21:50:00 +0200", datetime(2021, 4, 28, 19, 50, tzinfo=UTC)),
        ("2021-10-12T09:51:03.157076+02:00", datetime(2021, 10, 12, 7, 51, 3, 157076, UTC)),
        ("2026-01-01T00:00:00", datetime(2026, 1, 1, tzinfo=UTC)),
        (1500000000, datetime(2017, 7, 14, 2, 40, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+02:00", None),
        ("9999-12-31T23:59:59-02:00", None),
        ("", None),
        (None, None),
    ],
)
def test_an_instant_is_read_as_senders_write_it(text: object, expected: datetime | None) -> None:
    assert instant(text) == expected


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.lists(st.text(), max_size=2)))
def test_only_unprocessable_escapes_from_what_is_no_time(value: object) -> None:
    try:
        found = instant(value)
    except Unprocessable:
        return
    assert found is None or found.utcoffset() is not None


@given(st.binary(max_size=60))
def test_only_unprocessable_escapes_from_what_is_no_document(body: bytes) -> None:
    try:
        assert isinstance(Letter({}, body).document, dict)
    except Unprocessable:
        pass


def test_a_forms_payload_is_the_document_when_the_sender_sends_a_form() -> None:
    letter = Letter({"content-type": "application/x-www-form-urlencoded"}, b"payload=%7B%22a%22%3A+1%7D")
    assert letter.document == {"a": 1}


def test_a_secret_comes_out_as_it_went_in_and_only_under_its_key(settings: Settings) -> None:
    sealed = seal("a secret ☃")
    assert b"secret" not in sealed
    assert unseal(sealed) == "a secret ☃".encode()
    settings.SECRETS_KEY = "another"
    with pytest.raises(Unsealable):
        unseal(sealed)


@pytest.mark.django_db
def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="12 characters"):
        services.set_secret(source=make.source(), secret="short", by=None)


@pytest.mark.django_db
def test_a_source_is_remembered_for_seconds_only(settings: Settings) -> None:
    settings.INTAKE_DOOR_SECONDS = 60
    source = make.source()
    assert queries.door(source.slug) is not None
    Source.objects.filter(pk=source.pk).update(is_active=False)
    assert queries.door(source.slug) is not None
    queries.forget_doors()
    assert queries.door(source.slug) is None


def test_every_registered_provider_is_there_and_has_a_kind_of_its_own(settings: Settings) -> None:
    assert checks.every_provider_is_there(None) == []
    settings.INTAKE_SOURCES = ["incidents.pagers.pagerduty.PagerDuty"] * 2 + [
        "incidents.pagers.nowhere.Nobody",
        "incidents.pagers.pagerduty.parse",
        "intake.sources.Provider",
    ]
    found = [message.id for message in checks.every_provider_is_there(None)]
    assert found == ["intake.E004", "intake.E001", "intake.E002", "intake.E003"]
