"""Delivery as page, CSV, JSON and over the API; the records behind its numbers, and who sees which."""

from __future__ import annotations

import csv
import json
import re
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from rest_framework import serializers

from accounts.days import midnight
from accounts.models import Role, Team
from analytics.charts_delivery import panels
from analytics.delivery import period
from analytics.flow_weeks import QUARTER, Span, label, last_full
from analytics.forms import today
from analytics.metrics import delivery, delivery_sentences
from analytics.metrics.delivery_sentences import Place
from analytics.metrics.delivery_words import Count, Failures, Lead, Recovery, Rework
from analytics.models import SpanFigures
from analytics.serializers_delivery import DeliveryFiguresSerializer
from analytics.services import flow
from changes.models import Service
from incidents.models import Cause, Fix, Incident
from intake import ledger
from intake.services import note_first_real_fact
from tests import make

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)
PAGE = "/review/delivery/"


@pytest.fixture(autouse=True)
def only_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "PAGES", {"delivery": delivery})


class Shop:
    """A service with five weeks of deployments, some of which failed, and a silent one beside it."""

    def __init__(self) -> None:
        note_first_real_fact(at=timezone.now())
        team = Team.objects.create(name="Payments", slug="payments")
        self.checkout = make.service("Checkout", team=team)
        self.silent = make.service("Silent")
        self.where = make.repository()
        self.week = last_full(today()).begins_on
        for number in range(30):
            self.deploy(self.checkout, self.week - 3 * WEEK, number)
        for number in range(3):
            self.deploy(self.checkout, self.week, number)
        self.deploy(self.silent, self.week - 3 * WEEK, 0)
        self.outage = self.break_down(0)
        self.secret = self.break_down(1, is_restricted=True)
        flow.settle(now=timezone.now())

    def deploy(self, service: Service, week: date, number: int) -> None:
        when = midnight(week) + timedelta(hours=12, minutes=10 * number)
        change = make.change(
            repository=self.where, shipped_at=when, merged_at=when - timedelta(hours=2),
            first_commit_at=when - timedelta(hours=3 + number), shipped_basis="deployment",
            title=f"Step {number} of {service}",
        )  # fmt: skip
        change.services.add(service)
        made = make.deployment(repository=self.where, service=service, finished_at=when)
        made.changes.add(change)
        ledger.touch(ledger.Kind.DEPLOYMENT, made.pk, verb="told")
        ledger.touch(ledger.Kind.CHANGE, change.pk, verb="told")
        self.last = made

    def break_down(self, number: int, **over: Any) -> Incident:
        deployment = self.checkout.deployments.order_by("finished_at")[number]
        assert deployment.finished_at
        when = deployment.finished_at + timedelta(minutes=5)
        made = make.incident(
            impact_started_at=when, resolved_at=when + timedelta(hours=2), status="resolved", **over
        )
        made.services.add(self.checkout)
        Cause.objects.create(incident=made, deployment=deployment, status="confirmed")
        ledger.touch(ledger.Kind.INCIDENT, made.pk, verb="told")
        return made


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def reader(client: Client) -> Client:
    client.force_login(make.user(Role.VIEWER))
    return client


def text(client: Client, address: str, **asked: Any) -> str:
    answer = client.get(address, asked)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_page_csv_json_and_api_tell_the_same(shop: Shop, reader: Client) -> None:
    asked = {"scope": f"service:{shop.checkout.pk}"}
    told = json.loads(reader.get(reverse("analytics:review_delivery_json"), asked).content)
    api = reader.get("/api/v1/delivery/", asked)
    assert json.loads(api.content) == told
    lines = list(
        csv.DictReader(StringIO(reader.get(reverse("analytics:review_delivery_csv"), asked).content.decode()))
    )
    shown = reader.get(PAGE, asked)
    report = shown.context["report"]
    assert told["now"]["frequency"]["number"] == report.now.frequency.number == 33
    assert (lines[0]["span"], lines[0]["deployments"]) == ("13 weeks", "33")
    assert len(lines) == 2 + len(told["weeks"]) == 2 + 27
    assert [one["week"] for one in told["weeks"]][-2:] == [label(shop.week), label(shop.week + WEEK)]
    assert [one["partial"] for one in told["weeks"]].count(True) == 1
    assert told["sentences"] == report.sentences
    assert "33 deployments of Checkout reached users" in shown.content.decode()


def test_numbers_that_a_restricted_incident_stands_behind_are_hidden(shop: Shop, reader: Client) -> None:
    told = json.loads(reader.get(reverse("analytics:review_delivery_json")).content)
    fail = told["now"]["fail"]
    assert (fail["state"], fail["failed"], fail["rate"], fail["judged"]) == ("hidden", None, None, 30)
    assert (told["now"]["recovery"]["median"], told["now"]["recovery"]["state"]) == (None, "hidden")
    assert "Hidden for privacy" in text(reader, PAGE)


def test_rate_is_shown_with_its_counts_once_enough_stand_behind_it(shop: Shop, reader: Client) -> None:
    shop.break_down(2)
    flow.settle(now=timezone.now())
    page = text(reader, PAGE, scope=f"service:{shop.checkout.pk}")
    assert "In the last 13 weeks 3 of 30 deployments of Checkout failed (10.0 %; 3.5 to 25.6 %)." in page
    assert "3 pending , too young to be judged" in page
    assert page.count("Recovery") > 1


def test_service_whose_incidents_are_not_known_is_not_measured(shop: Shop, reader: Client) -> None:
    page = text(reader, PAGE, scope=f"service:{shop.silent.pk}")
    assert "No incident source is connected for this" in page
    assert "0.0" not in page.split("Week by week")[0]
    assert "nothing shows that one would be: this is not measured" in page
    everything = text(reader, PAGE)
    assert "1 deployment left out : incidents of 1 of 2 services are not known here." in everything


def test_nothing_is_claimed_of_weeks_before_the_first_deployment(shop: Shop, reader: Client) -> None:
    report = reader.get(PAGE, {"week": label(shop.week - 8 * WEEK)}).context["report"]
    for name in ("frequency", "fail", "rework"):
        assert report.sentences[name].startswith("No deployment is known by then")
    assert "not measured" in report.sentences["recovery"]


def records(client: Client, **asked: Any) -> Any:
    week: dict[str, Any] = {"week": label(last_full(today()).begins_on), "weeks": 13}
    answer = client.get(reverse("analytics:review_delivery_records"), week | asked)
    assert answer.status_code == 200
    return answer


def test_list_behind_a_number_names_its_records(shop: Shop, reader: Client) -> None:
    deployments = records(reader, of="deployments", scope=f"service:{shop.checkout.pk}")
    assert deployments.context["total"] == 33
    assert len(deployments.context["lines"]) == 33
    assert records(reader, of="pending", weeks=1).context["total"] == 3
    changes = records(reader, of="lead")
    longest = changes.context["lines"][0][0]
    assert longest.title == "Step 29 of Checkout"
    assert "1 d 8 h" in changes.content.decode()


def test_releases_of_one_commit_are_told_apart_by_their_tags(shop: Shop, reader: Client) -> None:
    for tag in ("v7.4.1", "v7.4.2"):
        at = midnight(shop.week) + timedelta(days=1)
        made = make.deployment(
            repository=shop.where, service=shop.checkout, finished_at=at, sha="ee37a7d0", ref=tag
        )
        ledger.touch(ledger.Kind.DEPLOYMENT, made.pk, verb="told")
    flow.settle(now=timezone.now())
    for address in (records(reader, of="deployments"), reader.get(reverse("changes:deployments"))):
        for tag in ("v7.4.1", "v7.4.2"):
            assert tag in address.content.decode()


def test_lists_keep_a_restricted_incident_from_those_not_named_on_it(shop: Shop, reader: Client) -> None:
    incidents = records(reader, of="recovery")
    assert [one.pk for one, _ in incidents.context["lines"]] == [shop.outage.pk]
    page = incidents.content.decode()
    assert "Restricted incidents are neither listed nor counted here" in page
    assert incidents.context["total"] is None
    assert "1 restricted" not in page
    assert shop.secret.title not in page
    failed = records(reader, of="failed")
    assert len(failed.context["lines"]) == 1
    assert failed.context["total"] is None
    every = records(reader, of="judged")
    assert [row["failed"] for _, row in every.context["lines"]].count(True) == 1

    named = make.user(Role.VIEWER)
    shop.secret.people.add(named)
    reader.force_login(named)
    assert {one.pk for one, _ in records(reader, of="recovery").context["lines"]} == {
        shop.outage.pk, shop.secret.pk,
    }  # fmt: skip
    failed = records(reader, of="failed")
    assert (len(failed.context["lines"]), failed.context["total"]) == (2, 2)


def test_repair_of_a_restricted_incident_is_kept_back_too(shop: Shop, reader: Client) -> None:
    change = shop.last.changes.get()
    deployment = shop.checkout.deployments.order_by("-finished_at")[0]
    Fix.objects.create(incident=shop.secret, change=deployment.changes.get())
    Fix.objects.create(incident=shop.secret, change=change)
    ledger.touch(ledger.Kind.INCIDENT, shop.secret.pk, verb="fixed")
    flow.settle(now=timezone.now())
    told = json.loads(reader.get(reverse("analytics:review_delivery_json")).content)
    assert (told["now"]["rework"]["state"], told["now"]["rework"]["k"]) == ("hidden", None)
    assert records(reader, of="rework").context["lines"] == []


def test_unknown_list_and_bad_filters_are_refused(shop: Shop, reader: Client) -> None:
    address = reverse("analytics:review_delivery_records")
    assert reader.get(address, {"of": "nonsense"}).status_code == 404
    for one in (PAGE, address, reverse("analytics:review_delivery_csv"), "/api/v1/delivery/"):
        assert reader.get(one, {"week": "yesterday"}).status_code == 400, one
        assert reader.get(one, {"scope": "person:1"}).status_code == 400, one
    assert reader.get("/api/v1/delivery/", {"nonsense": "1"}).status_code == 400


def test_page_says_so_when_nothing_is_known(reader: Client) -> None:
    page = text(reader, PAGE)
    assert "No deployment is known in these weeks" in page
    told = json.loads(reader.get(reverse("analytics:review_delivery_json")).content)
    assert told["now"]["frequency"]["number"] is None
    assert told["now"]["fail"]["rate"] is None
    assert not any(one["reckoned"] for one in told["weeks"])


def test_weeks_of_long_ago_are_asked_for_and_come(shop: Shop, reader: Client) -> None:
    asked = {"week": label(shop.week - 2 * WEEK)}
    first = text(reader, PAGE, **asked)
    assert "These 13 weeks are being reckoned" in first
    assert "no deployment known by then" not in first
    assert "Nothing is known of" not in first
    flow.settle(now=timezone.now())
    span = Span(shop.week - 14 * WEEK, QUARTER)
    assert SpanFigures.objects.filter(begins_on=span.begins_on, weeks=QUARTER, scope="").exists()
    report = reader.get(PAGE, asked).context["report"]
    assert (report.now.span, report.now.frequency.number) == (span, 31)
    assert f"In the 13 weeks to {span.last_day:%-d %b %Y}" in report.sentences["frequency"]


def test_services_stand_in_alphabetical_order_each_beside_its_own_past(shop: Shop, reader: Client) -> None:
    report = reader.get(PAGE).context["report"]
    assert [one.name for one in report.services] == ["Checkout", "Silent"]
    page = reader.get(PAGE).content.decode()
    assert (
        f"scope=service%3A{shop.checkout.pk}&amp;week={label(shop.week)}&amp;weeks=13&amp;of=deployments"
        in page
    )
    team = reader.get(PAGE, {"scope": f"team:{shop.checkout.team_id}"}).context["report"]
    assert [one.name for one in team.services] == ["Checkout"]
    assert team.services[0].now.frequency.number == 33
    assert team.services[0].before.frequency.number is None
    own = reader.get(PAGE, {"scope": f"service:{shop.checkout.pk}"}).context["report"]
    assert own.services == ()


@pytest.mark.parametrize(
    "address",
    [
        PAGE,
        "/review/delivery.csv",
        "/review/delivery/records/?of=failed",
        "/review/delivery/records/?of=lead",
    ],
)
def test_pages_ask_few_statements(shop: Shop, reader: Client, address: str) -> None:
    reader.get(address)
    with CaptureQueriesContext(connection) as asked:
        assert reader.get(address).status_code == 200
    assert len(asked) <= 12


def test_service_that_a_person_calls_measured_is_so_at_once(shop: Shop, reader: Client) -> None:
    shop.silent.reports_incidents = True
    shop.silent.save()
    ledger.touch(ledger.Kind.SERVICE, shop.silent.pk, verb="edited")
    flow.settle(now=timezone.now())
    told = json.loads(
        reader.get(reverse("analytics:review_delivery_json"), {"scope": f"service:{shop.silent.pk}"}).content
    )
    assert (told["now"]["fail"]["judged"], told["now"]["fail"]["unmeasured"]) == (1, 0)


# The picture and the sentences, without a database behind them.


def figures(**over: Any) -> dict[str, Any]:
    nothing = {"n": 0, "median": None, "low": None, "high": None, "p90": None}
    made: dict[str, dict[str, Any]] = {
        "frequency": {
            "deployments": 4, "attempts": 1, "active_days": 2, "known_since": "2020-01-01",
            "between": nothing,
        },
        "lead": {**nothing, "from_commit": 0, "from_opening": 0, "first_known": 0, "not_deployed": 0,
                 "no_begin": 0, "gaps": 0},
        "fail": {"judged": 3, "failed": 1, "pending": 1, "pending_failed": 0},
        "recovery": {**nothing, "open": 0, "missing": 0, "invalid": 0, "incidents": 0, "hidden": False},
        "restore": {**nothing, "open": 0, "missing": 0, "invalid": 0, "incidents": 0, "hidden": False},
        "rework": {"k": 1, "n": 4, "unmeasured": 0, "hidden": False},
    }  # fmt: skip
    return {name: {**part, **over.get(name, {})} for name, part in made.items()}


def weeks(*said: dict[str, Any] | None) -> list[Any]:
    first = date(2026, 3, 2)
    return [
        period(Span(first + number * WEEK), one, is_reckoned=one is not None)
        for number, one in enumerate(said)
    ]


def test_gap_none_and_pending_look_different() -> None:
    quiet = {
        "frequency": {"deployments": 0, "attempts": 0, "active_days": 0},
        "fail": {"judged": 0, "failed": 0, "pending": 0},
    }
    young = {"fail": {"judged": 0, "failed": 0, "pending": 4, "pending_failed": 1}}
    by_key = {one.key: one for one in panels(weeks(figures(), figures(**quiet), None, figures(**young)))}
    normal, none, gap, pending = by_key["fail"].marks
    assert [piece.look for piece in normal.pieces] == ["solid", "light", "hatched"]
    assert (none.is_gap, none.pieces) == (False, ())
    assert gap.is_gap
    assert [piece.look for piece in pending.pieces] == ["early", "hatched"]
    assert sum(piece.height for piece in normal.pieces) == pytest.approx(120 * 4 / 4, abs=0.3)
    assert [mark.is_gap for mark in by_key["lead"].marks] == [True] * 4
    assert "not over yet" not in normal.words


def test_week_without_an_end_in_sight_has_an_arrow_and_its_range_runs_to_the_top() -> None:
    open_one = {"recovery": {"n": 3, "open": 2, "incidents": 3}}
    long_one = {"recovery": {"n": 9, "median": 7200, "low": 3600, "high": None, "open": 3, "incidents": 9}}
    panel = next(
        one for one in panels(weeks(figures(**open_one), figures(**long_one))) if one.key == "recovery"
    )
    arrow, dot = panel.marks
    assert (arrow.is_open, arrow.y, arrow.is_gap) == (True, None, False)
    assert (dot.high, dot.is_few) == (float(panel.top), False)
    assert (dot.y or 0) < (dot.low or 0)


PLACE = Place(" of Checkout", "In the last 13 weeks", 13)


def test_sentences_say_what_is_known_and_what_is_not() -> None:
    said = delivery_sentences
    known = Failures(judged=210, failed=14)
    assert said.failures(known, Failures(judged=198, failed=9), PLACE) == (
        "In the last 13 weeks 14 of 210 deployments of Checkout failed (6.7\xa0%; 4.0 to 10.9\xa0%); "
        "in the 13 weeks before 9 of 198 (4.5\xa0%; 2.4 to 8.4\xa0%)."
    )
    assert "not measured" in said.failures(Failures(unmeasured=3), known, PLACE)
    assert "too young" in said.failures(Failures(pending=3), known, PLACE)
    assert said.frequency(Count(None, 13), Count(None, 13), PLACE).startswith(
        "No deployment of Checkout is known"
    )
    assert said.frequency(Count(5, 13, active_days=3), Count(None, 13), PLACE).endswith(
        "Nothing is known of the 13 weeks before."
    )
    assert said.lead(Lead(), Lead(), PLACE) == "In the last 13 weeks no change of Checkout can be measured."
    assert "3 of 5 incidents of Checkout that a change had a hand in still open" in said.recovery(
        Recovery(n=5, open=3, incidents=5), Recovery(), PLACE
    )
    assert said.rework(Rework(k=0, n=4, unmeasured=4), Rework(), PLACE).startswith(
        "Nobody tells of incidents"
    )
    assert said.rework(Rework(k=2, n=4), Rework(k=1, n=9), PLACE) == (
        "In the last 13 weeks 2 of 4 deployments of Checkout followed from an incident; "
        "in the 13 weeks before 1 of 9."
    )


def test_curator_says_in_the_admin_whether_incidents_of_a_service_are_known(
    shop: Shop, client: Client
) -> None:
    client.force_login(make.user(Role.ADMIN, is_staff=True))
    address = reverse("admin:changes_service_change", args=[shop.silent.pk])
    form = client.get(address).context["adminform"].form
    sent = {name: value for name, value in form.initial.items() if value is not None}
    told = sent | {"path_globs": "", "aliases": "", "reports_incidents": "true", "exposure_days": "30"}
    assert client.post(address, told).status_code == 302
    flow.settle(now=timezone.now())
    row = SpanFigures.objects.filter(page="delivery", weeks=13, scope=f"service:{shop.silent.pk}").latest(
        "begins_on"
    )
    fail = row.figures["fail"]
    assert (fail["judged"], fail["pending"], fail["unmeasured"]) == (0, 1, 0)


def mismatches(told: Any, shape: Any, where: str = "") -> list[str]:
    """Where what is told and what is described have other names."""
    if isinstance(shape, serializers.ListSerializer):
        return [fault for one in told for fault in mismatches(one, shape.child, f"{where}[]")]
    if not isinstance(shape, serializers.Serializer):
        return []
    own = [f"{where}.{name}" for name in set(told) ^ set(shape.fields)]
    return own + [
        fault
        for name, field in shape.fields.items()
        if name in told
        for fault in mismatches(told[name], field, f"{where}.{name}")
    ]


def test_api_tells_what_its_description_names(shop: Shop, reader: Client) -> None:
    told = json.loads(reader.get("/api/v1/delivery/").content)
    assert told["services"]
    assert mismatches(told, DeliveryFiguresSerializer()) == []
