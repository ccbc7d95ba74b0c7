"""The loop as people walk it: from a signed delivery of the pager to a figure and a test scenario."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Role, Team, User
from analytics.models import TestScenario
from changes.models import AreaRule, Change, DomainArea, Origin, Repository, Service
from incidents.models import Incident, Postmortem
from intake.models import Delivery
from intake.processing import process_next
from tests import make
from tests.browser.conftest import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

SHA = "4f1c" * 10
REPOSITORY = {
    "id": 7001,
    "name": "checkout",
    "full_name": "shop/checkout",
    "html_url": "https://github.com/shop/checkout",
    "default_branch": "main",
    "owner": {"login": "shop"},
}


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def signed(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def send(source: Any, payload: dict[str, Any], headers: dict[str, str], prefix: str, header: str) -> None:
    body = json.dumps(payload).encode()
    headers = headers | {header: f"{prefix}{signed(make.SECRET, body)}"}
    answer = Client().post(
        f"/hooks/{source.slug}/", data=body, content_type="application/json", headers=headers
    )
    assert answer.status_code == 202, answer.content


def work_off() -> None:
    while process_next(now=timezone.now()):
        pass
    assert set(Delivery.objects.values_list("state", "reason")) == {("done", "")}


def forge_tells(merged_at: datetime) -> None:
    """A merged pull request with a marker, and its roll-out to production."""
    source = make.source("github", slug="forge")
    request = {
        "number": 412,
        "id": 9412,
        "state": "closed",
        "merged": True,
        "draft": False,
        "title": "Retry declined charges",
        "body": "Tries a declined card once more.\n\n🤖 Generated with [Claude Code](https://claude.com/claude-code)",
        "html_url": "https://github.com/shop/checkout/pull/412",
        "user": {"login": "somebody", "type": "User", "id": 1},
        "merged_by": {"login": "another", "type": "User", "id": 2},
        "labels": [],
        "created_at": stamp(merged_at - timedelta(hours=5)),
        "updated_at": stamp(merged_at),
        "closed_at": stamp(merged_at),
        "merged_at": stamp(merged_at),
        "merge_commit_sha": SHA,
        "additions": 61,
        "deletions": 4,
        "changed_files": 3,
        "commits": 2,
        "head": {"sha": "beef" * 10, "ref": "retry-charges", "repo": REPOSITORY},
        "base": {"sha": "cafe" * 10, "ref": "main", "repo": REPOSITORY},
    }
    send(
        source,
        {"action": "closed", "number": 412, "pull_request": request, "repository": REPOSITORY},
        {"X-GitHub-Event": "pull_request", "X-GitHub-Delivery": "d-1"},
        "sha256=",
        "X-Hub-Signature-256",
    )
    deployed_at = merged_at + timedelta(minutes=20)
    deployment = {
        "id": 5001,
        "sha": SHA,
        "ref": "main",
        "environment": "production",
        "production_environment": True,
        "transient_environment": False,
        "created_at": stamp(deployed_at - timedelta(minutes=2)),
        "updated_at": stamp(deployed_at),
    }
    status = {
        "id": 6001,
        "state": "success",
        "environment": "production",
        "created_at": stamp(deployed_at),
        "updated_at": stamp(deployed_at),
    }
    send(
        source,
        {
            "action": "created",
            "deployment_status": status,
            "deployment": deployment,
            "repository": REPOSITORY,
        },
        {"X-GitHub-Event": "deployment_status", "X-GitHub-Delivery": "d-2"},
        "sha256=",
        "X-Hub-Signature-256",
    )


def pager_tells(began_at: datetime) -> None:
    source = make.source("pagerduty", slug="pager")
    for kind, status, at in [
        ("triggered", "triggered", began_at),
        ("resolved", "resolved", began_at + timedelta(minutes=50)),
    ]:
        event = {
            "id": f"event-{kind}",
            "event_type": f"incident.{kind}",
            "resource_type": "incident",
            "occurred_at": stamp(at),
            "agent": None,
            "client": None,
            "data": {
                "id": "PXLOOP1",
                "type": "incident",
                "html_url": "https://shop.pagerduty.com/incidents/PXLOOP1",
                "number": 77,
                "status": status,
                "title": "Cards charged twice",
                "service": {"id": "PSVC1", "summary": "Checkout", "type": "service_reference"},
                "created_at": stamp(began_at),
                "priority": {"id": "P3", "summary": "P3", "type": "priority_reference"},
                "urgency": "high",
            },
        }
        send(source, {"event": event}, {"X-Webhook-Id": f"w-{kind}"}, "v1=", "X-PagerDuty-Signature")


@pytest.fixture
def owner() -> User:
    team = Team.objects.create(name="Payments", slug="payments-team")
    owner = User.objects.create(username="robin", role=Role.AUTHOR, role_title="on-call engineer, payments")
    team.members.add(owner)
    repository = Repository.objects.create(
        host="github.com", forge_id="7001", name="shop/checkout", origin_address="github.com/shop/checkout"
    )
    payments = DomainArea.objects.get(slug="payments")
    AreaRule.objects.create(repository=repository, glob="**", area=payments)
    Service.objects.create(
        name="Checkout",
        slug="checkout",
        repository=repository,
        team=team,
        aliases=["Checkout"],
        area=payments,
    )
    return owner


def test_pager_page_becomes_published_postmortem_figure_and_scenario(
    owner: User, visit: Callable[..., Visitor]
) -> None:
    merged_at = timezone.now().replace(microsecond=0) - timedelta(days=40)
    forge_tells(merged_at)
    pager_tells(began_at=merged_at + timedelta(minutes=35))
    work_off()
    incident = Incident.objects.get()
    assert Change.objects.get().state == Change.State.SHIPPED

    visitor = visit(owner, viewport={"width": 1280, "height": 900})
    page = visitor.page()
    page.goto(visitor.url("/incidents/"))
    page.get_by_role("link", name="Cards charged twice").first.click()
    page.get_by_role("button", name="Start the postmortem").click()

    write_facts(page)
    write_timeline(page)
    write_causes(page)
    write_lessons(page)
    publish(page, visitor, incident)
    see_the_figure(page, visitor)
    make_it_a_test(page, visitor)


def fill_sections(page: Page) -> None:
    for area in page.locator("textarea[name^=section_]").all():
        area.fill("The retry sent the charge again without its key, and the bank took it for a new one.")


def go_on(page: Page, title: str) -> None:
    page.get_by_role("button", name="Save and go on").click()
    expect(page).to_have_title(re.compile(f"^{re.escape(title)} "))


def write_facts(page: Page) -> None:
    expect(page.get_by_label("Title")).to_have_value("Cards charged twice")
    page.get_by_label("Impact in one sentence").fill("Some customers saw two charges for one order.")
    page.get_by_label("Impact began when it was detected").check()
    fill_sections(page)
    go_on(page, "Timeline")


def write_timeline(page: Page) -> None:
    expect(page.locator("ol.timeline li").first).to_be_visible()
    fill_sections(page)
    go_on(page, "What made it possible")


def write_causes(page: Page) -> None:
    expect(page.get_by_text("before impact").first).to_be_visible()
    part = page.get_by_role("radiogroup", name="Part of Retry declined charges")
    part.get_by_label("Confirmed").check()
    expect(page.locator(".help-box .evidence")).to_contain_text("Claude Code")
    page.locator(".help-box").get_by_label("Code generation").check()
    page.locator("#factors textarea, #factors input[type=text]").first.fill("No test sent a charge twice.")
    page.locator("#factors").get_by_role("button", name="Add").click()
    expect(page.locator(".factors")).to_contain_text("No test sent a charge twice.")
    expect(page.get_by_role("heading", name="Changes named so far")).to_be_visible()
    fill_sections(page)
    go_on(page, "What we learned")


def write_lessons(page: Page) -> None:
    page.locator("#lessons input[type=text], #lessons textarea").first.fill(
        "Reuse the idempotency key on every retry of a charge"
    )
    page.get_by_role("button", name="Add the lesson").click()
    expect(page.locator("#lessons .plain-list")).to_contain_text("Reuse the idempotency key")
    fill_sections(page)
    go_on(page, "Check and publish")


def publish(page: Page, visitor: Visitor, incident: Incident) -> None:
    expect(page.get_by_role("heading", name="Ready to publish")).to_be_visible()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.locator("body")).to_contain_text("idempotency key")
    postmortem = Postmortem.objects.get(incident=incident)
    assert postmortem.state == Postmortem.State.PUBLISHED
    assert "robin" not in page.locator("main").inner_text()


def see_the_figure(page: Page, visitor: Visitor) -> None:
    change = Change.objects.get()
    assert (change.origin, change.origin_counted) == (Origin.ASSISTED, Origin.ASSISTED)
    page.goto(visitor.url("/matrix/"))
    # The marker stood before the incident, so origin counts; the kind was said after it, so it does not.
    said = page.locator("table.matrix tr", has=page.get_by_role("rowheader", name="Kind not said"))
    expect(said).to_contain_text("1 of 1")
    afterwards = page.locator("table.matrix tr", has=page.get_by_role("rowheader", name="Code generation"))
    expect(afterwards).to_contain_text("+1 said afterwards")
    said.get_by_role("cell").get_by_role("link").first.click()
    expect(page.locator("main")).to_contain_text("Retry declined charges")


def make_it_a_test(page: Page, visitor: Visitor) -> None:
    page.goto(visitor.url("/lessons/"))
    page.get_by_role("link", name="Reuse the idempotency key").first.click()
    page.get_by_role("link", name="Make a test scenario").click()
    expect(page.get_by_label("Then")).not_to_be_empty()
    page.get_by_role("button", name="Propose it").click()
    scenario = TestScenario.objects.get()
    expect(page.get_by_role("heading", level=1)).to_contain_text(scenario.title)
    feature = page.request.get(visitor.url(f"/scenarios/{scenario.number}.feature")).text()
    assert f"@TS-{scenario.number}" in feature
