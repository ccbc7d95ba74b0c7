"""Differences to read, and older revisions brought back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from incidents import diff
from incidents.models import Incident, Postmortem
from incidents.services import postmortems, reviewing, revisions
from incidents.services.refusals import Conflict, Refused
from tests import make

NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


def runs(old: str, new: str) -> list[tuple[str, str]]:
    return [(run.kind, run.text) for one in diff.paragraphs(old, new) for run in one.runs]


def test_words_are_told_apart_when_a_sentence_was_altered() -> None:
    assert runs("The queue was full for ten minutes.", "The queue was full for twelve minutes.") == [
        ("same", "The queue was full for "),
        ("removed", "ten"),
        ("added", "twelve"),
        ("same", " minutes."),
    ]


def test_neighbouring_words_are_one_run_when_several_were_altered() -> None:
    told = runs("We saw the old red alert in the list then", "We saw a new blue alert in the list then")
    assert told[1:3] == [("removed", "the old red"), ("added", "a new blue")]


def test_a_paragraph_is_taken_out_and_put_in_when_nothing_of_it_stayed() -> None:
    found = diff.paragraphs("One thing entirely.\n\nKept.", "Something wholly different here!\n\nKept.")
    assert [one.kind for one in found] == ["removed", "added", "same"]


def test_paragraphs_that_stayed_are_the_same_when_one_is_put_between() -> None:
    assert [one.kind for one in diff.paragraphs("A b c.\n\nD e f.", "A b c.\n\nNew.\n\nD e f.")] == [
        "same",
        "added",
        "same",
    ]


def test_nothing_is_found_when_both_are_empty() -> None:
    assert diff.paragraphs("", "\n\n") == []


@given(st.text(alphabet="ab \n", max_size=60), st.text(alphabet="ab \n", max_size=60))
def test_both_texts_can_be_read_out_of_the_difference_whatever_they_are(old: str, new: str) -> None:
    found = diff.paragraphs(old, new)

    def side(without: str) -> str:
        return "".join(run.text for one in found for run in one.runs if run.kind != without)

    assert side("added").split() == old.split() or "".join(side("added").split()) == "".join(old.split())
    assert "".join(side("removed").split()) == "".join(new.split())


@pytest.fixture
def author(db: None) -> User:
    return make.user(role_title="on-call engineer")


@pytest.fixture
def incident(author: User) -> Incident:
    """Three revisions: started, first words, other words."""
    incident = make.incident(title="Checkout slow")
    postmortems.start(incident_id=incident.pk, by=author, now=NOW)
    save(incident, author, "It was slow for ten minutes.", 1, minutes=1)
    save(incident, author, "It was slow for twelve minutes.", 2, minutes=2)
    return incident


def save(incident: Incident, by: User, text: str, version: int, *, minutes: int) -> None:
    postmortems.save_sections(
        incident_id=incident.pk,
        texts={key(): text},
        expected_version=version,
        by=by,
        now=NOW + timedelta(minutes=minutes),
    )


def key() -> str:
    from incidents.starter import TEMPLATE_SECTIONS

    return str(TEMPLATE_SECTIONS[0]["key"])


def restore(incident: Incident, by: User, number: int, version: int) -> Postmortem:
    return revisions.restore(
        incident_id=incident.pk, number=number, expected_version=version, by=by, now=NOW + timedelta(hours=1)
    )


def test_older_words_are_the_newest_revision_when_they_are_restored(incident: Incident, author: User) -> None:
    restored = restore(incident, author, 2, 3)
    assert restored.sections.get(key=key()).text == "It was slow for ten minutes."
    newest = restored.revisions.first()
    assert newest is not None
    assert (newest.number, newest.restored_from) == (4, 2)
    assert restored.revisions.count() == 4


def test_a_restoring_is_taken_back_when_the_one_before_is_restored(incident: Incident, author: User) -> None:
    restore(incident, author, 2, 3)
    assert restore(incident, author, 3, 4).sections.get(key=key()).text == "It was slow for twelve minutes."


def test_nothing_is_restored_when_somebody_saved_in_between(incident: Incident, author: User) -> None:
    with pytest.raises(Conflict) as raised:
        restore(incident, author, 2, 2)
    assert raised.value.theirs == {key(): "It was slow for twelve minutes."}
    assert raised.value.yours == {key(): "It was slow for ten minutes."}
    assert incident.postmortem.revisions.count() == 3


@pytest.mark.parametrize(("number", "code"), [(9, "revision_unknown"), (3, "same_words")])
def test_nothing_is_restored_when_there_is_nothing_to_bring_back(
    incident: Incident, author: User, number: int, code: str
) -> None:
    with pytest.raises(Refused) as raised:
        restore(incident, author, number, 3)
    assert raised.value.code == code


def test_an_approval_ends_when_older_words_are_restored(incident: Incident, author: User) -> None:
    reviewing.request_review(incident_id=incident.pk, by=author, now=NOW)
    reviewing.review(
        incident_id=incident.pk, verdict="approved", text="", by=make.user(), now=NOW + timedelta(minutes=5)
    )
    assert restore(incident, author, 2, 3).state == "in_review"


def test_what_is_published_is_not_restored_when_nobody_revised_it(incident: Incident, author: User) -> None:
    Postmortem.objects.update(state="published", published_at=NOW)
    with pytest.raises(Refused, match="no draft"):
        restore(incident, author, 2, 3)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(name: str, incident: Incident, *more: int) -> str:
    return reverse(f"incidents:{name}", args=[incident.number, *more])


def test_the_page_tells_words_apart_when_two_revisions_are_compared(incident: Incident, author: User) -> None:
    html = client_of(author).get(page("revision", incident, 3)).content.decode()
    assert '[taken out: </span>ten<span class="visually-hidden">]</span></del>' in html
    assert '[added: </span>twelve<span class="visually-hidden">]</span></ins>' in html


def test_any_two_are_compared_when_the_reader_names_them(incident: Incident, author: User) -> None:
    context = client_of(author).get(page("revision", incident, 2), {"from": "3"}).context
    assert (context["new"].number, context["old"].number) == (2, 3)
    assert client_of(author).get(page("revision", incident, 2), {"from": "77"}).status_code == 404
    assert client_of(author).get(page("revision", incident, 2), {"from": "0"}).context["old"] is None


def test_the_list_says_what_each_altered_when_there_are_several(incident: Incident, author: User) -> None:
    html = client_of(author).get(page("revisions", incident)).content.decode()
    assert html.count("Revision ") >= 3
    assert "the on-call engineer" in html or "on-call engineer" in html
    assert author.username not in html.split("<main")[-1]


def test_the_page_restores_when_its_button_is_pressed(incident: Incident, author: User) -> None:
    answer = client_of(author).post(page("restore", incident, 2), {"version": "3"})
    assert answer.status_code == 302
    assert incident.postmortem.revisions.count() == 4


def test_both_texts_stand_side_by_side_when_the_button_is_pressed_too_late(
    incident: Incident, author: User
) -> None:
    answer = client_of(author).post(page("restore", incident, 2), {"version": "2"})
    assert answer.status_code == 409
    assert "It was slow for ten minutes." in answer.content.decode()


def test_the_api_restores_only_with_the_version_that_was_read(incident: Incident, author: User) -> None:
    client: Any = client_of(author)
    base = f"/api/v1/postmortems/{incident.number}/revisions/"
    told = client.get(f"{base}3/diff/").json()
    assert (told["from"], told["to"]) == (2, 3)
    assert [run["kind"] for run in told["sections"][0]["paragraphs"][0]["runs"]] == [
        "same",
        "removed",
        "added",
        "same",
    ]
    assert client.post(f"{base}2/restore/").status_code == 428
    assert client.post(f"{base}2/restore/", headers={"If-Match": '"2"'}).status_code == 412
    assert client.post(f"{base}2/restore/", headers={"If-Match": '"3"'}).status_code == 200
    assert client.get(base).json()["revisions"][0]["restored_from"] == 2
    assert client.get(f"{base}2/").json()["sections"][key()] == "It was slow for ten minutes."
