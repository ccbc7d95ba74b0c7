"""The exam that every registered provider sits: the tenth is as safe as the first."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from intake import services
from intake.models import Delivery, Refusal, Source
from intake.processing import process_one
from intake.sources import Unprocessable, Unverified, providers
from tests import make
from tests.intake.letters import EXAMPLES, kinds, letter, send

pytestmark = pytest.mark.django_db
every_kind = pytest.mark.parametrize("kind", kinds())


@every_kind
def test_a_kind_has_an_example_and_says_what_it_is(kind: str) -> None:
    provider = providers()[kind]
    assert kind in EXAMPLES, f"tests/intake/letters.py needs an example of {kind}"
    assert provider.title
    assert "https://hindcast.example/hooks/x/" in provider.curl("https://hindcast.example/hooks/x/")


@every_kind
def test_a_letter_is_stored_once_when_sent_twice(kind: str) -> None:
    source = make.source(kind)
    first, second = (send(source, *EXAMPLES[kind]) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 202)
    assert (first.json()["status"], second.json()["status"]) == ("accepted", "seen")  # type: ignore[attr-defined]
    assert source.deliveries.count() == 1


@every_kind
def test_nothing_is_stored_when_the_secret_is_wrong(kind: str) -> None:
    source = make.source(kind)
    _refused(source, send(source, *EXAMPLES[kind], secret="not the secret at all"))


@every_kind
def test_nothing_is_stored_when_nothing_is_proved(kind: str) -> None:
    source = make.source(kind)
    _refused(source, send(source, *EXAMPLES[kind], secret=None))


@every_kind
def test_nothing_is_accepted_when_the_source_has_no_secret(kind: str) -> None:
    source = make.source(kind, secret=None)
    _refused(source, send(source, *EXAMPLES[kind], secret=""))
    with pytest.raises(Unverified):
        providers()[kind].verify(letter(b"{}"), [])


def _refused(source: Source, response: object) -> None:
    assert response.status_code == 401  # type: ignore[attr-defined]
    assert response["Content-Type"] == "application/problem+json"  # type: ignore[index]
    assert not source.deliveries.exists()
    assert Refusal.objects.get(source=source).count == 1


@every_kind
def test_both_secrets_are_good_when_rotated_until_the_second_is_cleared(kind: str) -> None:
    source = make.source(kind, secret="the first secret")
    services.rotate_secret(source=source, secret="the second secret", by=None)
    body, headers = EXAMPLES[kind]
    for secret in ("the first secret", "the second secret"):
        assert send(source, body, headers, secret=secret).status_code == 202
    services.clear_second_secret(source=source, by=None)
    assert send(source, body, headers, secret="the first secret").status_code == 401
    assert send(source, body, headers, secret="the second secret").status_code == 202


@every_kind
@pytest.mark.parametrize("strange", ["é" * 64, "v1=é", "sha256=", "Basic é", "Basic !!!", "Bearer "])
def test_a_strange_proof_is_refused_and_breaks_nothing(kind: str, strange: str) -> None:
    provider = providers()[kind]
    header = next(iter(provider.sign(b"", b"x" * 20)))  # type: ignore[attr-defined]
    with pytest.raises(Unverified):
        provider.verify(letter(b"{}", **{header: strange}), [b"a secret of the tests"])


@every_kind
def test_the_same_key_with_another_body_is_kept_but_not_applied(kind: str) -> None:
    source = make.source(kind)
    body, headers = EXAMPLES[kind]
    if not headers:
        pytest.skip("this sender names no delivery: another body is another letter")
    send(source, body, headers)
    other = body.replace(b"{", b"{ ", 1)
    for _ in range(2):
        response = send(source, other, headers)
        assert response.status_code == 202
    kept = source.deliveries.get(conflicting=True)
    assert bytes(kept.body) == other
    assert kept.state == Delivery.State.RECEIVED
    assert not Delivery.objects.due(kept.received_at).filter(pk=kept.pk).exists()


@every_kind
@pytest.mark.parametrize("cut", [0, 1, -1])
def test_a_cut_off_body_is_stored_and_parked(kind: str, cut: int) -> None:
    source = make.source(kind)
    body, headers = EXAMPLES[kind]
    if kind == "github":
        headers = {**headers, "X-GitHub-Event": "push"}
    assert send(source, body.rstrip()[:cut], headers).status_code == 202
    delivery = process_one(delivery_id=source.deliveries.get().pk)
    assert delivery.state == Delivery.State.PARKED
    assert delivery.reason


@every_kind
@pytest.mark.parametrize(
    "body", [b"[]", b"null", b"{}", b'{"event": 7, "alerts": 7, "key": null}', b"[" * 100_000]
)
def test_only_a_reason_escapes_from_a_body_that_makes_no_sense(kind: str, body: bytes) -> None:
    source = make.source(kind)
    headers = {**EXAMPLES[kind][1]}
    if kind == "github":
        headers["X-GitHub-Event"] = "push"
    assert send(source, body, headers).status_code == 202
    delivery = process_one(delivery_id=source.deliveries.get().pk)
    assert delivery.state in (Delivery.State.PARKED, Delivery.State.IGNORED)
    assert delivery.reason


@every_kind
def test_neither_signature_nor_secret_is_kept_with_the_letter(kind: str) -> None:
    source = make.source(kind)
    send(source, EXAMPLES[kind][0], {**EXAMPLES[kind][1], "Cookie": "x=1"})
    kept = source.deliveries.get().headers
    proof = {name.lower() for name in providers()[kind].sign(b"", b"x" * 20)}  # type: ignore[attr-defined]
    assert not proof & kept.keys()
    assert "cookie" not in kept
    assert make.SECRET not in str(kept)


def test_an_unreadable_letter_says_so() -> None:
    with pytest.raises(Unprocessable, match="not JSON"):
        _ = letter(b'{"a": NaN}').document
    assert letter(b'{"a": "\\u0000\\ud800x"}').document == {"a": "\ufffd\ufffdx"}


UNSTORABLE = '{"id": "a\\u0000", "title": "\\ud800x"}'


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (UNSTORABLE.encode(), "application/json"),
        (UNSTORABLE.encode("utf-16"), "application/json"),
        (b'{"id": "a\xed\xa0\x80", "title": "\xed\xa0\x80x"}', "application/json"),
        (f"payload={quote(UNSTORABLE)}".encode(), "application/x-www-form-urlencoded"),
    ],
    ids=["escaped", "utf-16", "as-it-is", "form"],
)
def test_what_no_database_stores_is_replaced_however_it_is_spelt(body: bytes, content_type: str) -> None:
    found = letter(body, content_type=content_type).document
    assert found == {"id": "a\ufffd", "title": "\ufffdx"}
