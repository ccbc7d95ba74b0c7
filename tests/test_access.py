"""Who may open which door. A route without a row here fails.

Each row says what a GET gives to each visitor, for the ordinary incident and for the restricted one. Doors
that only take POST are tried with one, empty: what matters is who is turned away, before anything is read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from tests.routes import named_routes
from tests.world import EVERYONE, World, make_world

SEEN, HIDDEN, TURNED_AWAY, REFUSED, SIGN_IN = 200, 404, 403, 401, 302


@pytest.fixture
def world(db: None) -> World:
    return make_world()


Rule = Callable[[str, bool], set[int]]


def open_door(visitor: str, restricted: bool) -> set[int]:
    return {200}


def page(visitor: str, restricted: bool) -> set[int]:
    """Everyone signed in."""
    return {SIGN_IN} if visitor == "nobody" else {SEEN}


def of_incident(visitor: str, restricted: bool) -> set[int]:
    """Everyone signed in; of a restricted incident only the people named on it: no role sees more."""
    if visitor == "nobody":
        return {SIGN_IN}
    return {SEEN} if not restricted or visitor == "named" else {HIDDEN}


def role(least: Role) -> Rule:
    """Everyone signed in whose role is at least this; GET or an empty POST."""

    def rule(visitor: str, restricted: bool) -> set[int]:
        if visitor == "nobody":
            return {SIGN_IN}
        have = (
            Role.VIEWER if visitor == "viewer" else Role(visitor) if visitor in Role.values else Role.AUTHOR
        )
        return ALLOWED if Role.values.index(have) >= Role.values.index(least) else {TURNED_AWAY}

    return rule


def writes_incident(visitor: str, restricted: bool) -> set[int]:
    """The team that owns the services, and curators; a restricted one only the people named on it."""
    if visitor == "nobody":
        return {SIGN_IN}
    if restricted:
        return ALLOWED if visitor == "named" else {HIDDEN}
    return ALLOWED if visitor in {"teammate", "named", "curator", "admin"} else {TURNED_AWAY}


def owning_team(visitor: str, restricted: bool) -> set[int]:
    """Authors of a team that owns a service of the repository, and curators; incidents have no part in it."""
    return writes_incident(visitor, False)


def authors(visitor: str, restricted: bool) -> set[int]:
    """Authors of any team; behind a restricted incident only the people named on it.

    A viewer is turned away before anything is looked up, which tells as little as not finding it.
    """
    if restricted and visitor not in {"nobody", "named"}:
        return {HIDDEN, TURNED_AWAY} if visitor == "viewer" else {HIDDEN}
    return role(Role.AUTHOR)(visitor, restricted)


def of_admin(visitor: str, restricted: bool) -> set[int]:
    """Curators and admins come in; what each may do there is tested with the admin."""
    return {SEEN} if visitor in {"curator", "admin"} else {SIGN_IN}


# Let through: shown, led on, told what is wrong with an empty form, or that the moment is wrong.
ALLOWED = {200, 204, 302, 303, 400, 405, 409, 422}


@dataclass(frozen=True)
class Door:
    rule: Rule
    arguments: tuple[str, ...] = ()
    post: bool = False


def doors() -> dict[str, Door]:
    number = ("incident.number",)
    return {
        "healthz": Door(open_door),
        "accounts:sign_out": Door(role(Role.VIEWER), post=True),
        "accounts:profile": Door(page),
        "accounts:tokens": Door(page),
        "accounts:password": Door(page),
        "accounts:mail": Door(page),
        "accounts:calendar": Door(role(Role.VIEWER), post=True),
        "accounts:mail_wish": Door(role(Role.VIEWER), ("=notices",), post=True),
        "notices:list": Door(page),
        "notices:read_all": Door(role(Role.VIEWER), post=True),
        "changes:list": Door(page),
        "changes:detail": Door(page, ("change.pk",)),
        "changes:decide_origin": Door(role(Role.AUTHOR), ("change.pk",), post=True),
        "changes:decide_kind": Door(role(Role.AUTHOR), ("change.pk",), post=True),
        "changes:decide_area": Door(role(Role.AUTHOR), ("change.pk",), post=True),
        "changes:decide_feature": Door(role(Role.AUTHOR), ("change.pk",), post=True),
        "changes:decide_link": Door(role(Role.AUTHOR), ("change.pk", "link.pk"), post=True),
        "changes:size_exception": Door(role(Role.AUTHOR), ("change.pk",), post=True),
        "changes:answer_care": Door(role(Role.VIEWER), ("change.pk",), post=True),
        "changes:deployment_kind": Door(owning_team, ("deployment.pk",), post=True),
        "changes:service_reporting": Door(owning_team, ("service.slug",), post=True),
        "changes:areas": Door(page),
        "changes:area": Door(page, ("area.slug",)),
        "changes:take_areas": Door(role(Role.CURATOR), ("repository.pk",), post=True),
        "changes:take_services": Door(role(Role.CURATOR), ("repository.pk",), post=True),
        "changes:keep_path_class": Door(role(Role.CURATOR), ("repository.pk",), post=True),
        "changes:place_again": Door(role(Role.CURATOR), ("repository.pk",), post=True),
        "changes:deployments": Door(page),
        "changes:deployment": Door(page, ("deployment.pk",)),
        "changes:repositories": Door(page),
        "changes:repository": Door(page, ("repository.pk",)),
        "changes:policies": Door(page, ("repository.pk",)),
        "changes:policy_new": Door(page, ("repository.pk",)),
        "changes:policy": Door(page, ("repository.pk", "policy.pk")),
        "changes:policy_csv": Door(page, ("repository.pk", "policy.pk")),
        "changes:policy_end": Door(owning_team, ("repository.pk", "policy.pk"), post=True),
        "changes:policy_revoke": Door(owning_team, ("repository.pk", "policy.pk"), post=True),
        "changes:service": Door(page, ("service.slug",)),
        "analytics:home": Door(page),
        "analytics:remove_demo": Door(role(Role.ADMIN), post=True),
        "analytics:definitions": Door(page),
        "analytics:report": Door(page, ("repository.pk",)),
        "analytics:report_json": Door(page, ("repository.pk",)),
        "analytics:matrix": Door(page),
        "analytics:matrix_csv": Door(page),
        "analytics:matrix_json": Door(page),
        "analytics:matrix_changes": Door(page),
        "analytics:baseline": Door(page),
        "analytics:baseline_csv": Door(page),
        "analytics:baseline_json": Door(page),
        "analytics:matched": Door(page),
        "analytics:matched_csv": Door(page),
        "analytics:matched_json": Door(page),
        "analytics:matched_records": Door(page),
        "analytics:trend": Door(page),
        "analytics:trend_csv": Door(page),
        "analytics:trend_json": Door(page),
        "analytics:review_time": Door(page),
        "analytics:review_time_csv": Door(page),
        "analytics:review_time_json": Door(page),
        "analytics:review_time_changes": Door(page),
        **{
            f"analytics:review_{name}{form}": Door(page)
            for name in ("work", "load")
            for form in ("", "_csv", "_json")
        },
        "analytics:review": Door(page),
        "analytics:review_csv": Door(page),
        "analytics:review_json": Door(page),
        "analytics:review_note": Door(authors, post=True),
        "analytics:review_note_take_back": Door(role(Role.CURATOR), ("note.pk",), post=True),
        "analytics:review_close": Door(role(Role.CURATOR), post=True),
        "analytics:review_weeks": Door(page),
        "analytics:review_closed": Door(page, ("week.label",)),
        "analytics:review_compare": Door(page),
        "analytics:review_delivery": Door(page),
        "analytics:review_delivery_csv": Door(page),
        "analytics:review_delivery_json": Door(page),
        "analytics:review_delivery_records": Door(page),
        "analytics:review_reviewing": Door(page),
        "analytics:review_reviewing_csv": Door(page),
        "analytics:review_reviewing_json": Door(page),
        "analytics:review_reviewing_changes": Door(page),
        "analytics:queue": Door(page),
        "analytics:queue_decide": Door(role(Role.AUTHOR), ("change.pk",), post=True),
        "analytics:queue_undo": Door(role(Role.AUTHOR), post=True),
        "analytics:queue_again": Door(role(Role.AUTHOR), post=True),
        "analytics:queue_bulk": Door(role(Role.AUTHOR)),
        "analytics:mail_preview": Door(page),
        "analytics:mail_preview_html": Door(page),
        "analytics:recall": Door(page),
        "analytics:recall_csv": Door(page),
        "analytics:recall_json": Door(page),
        "analytics:samples": Door(page),
        "analytics:sample": Door(page, ("sample.pk",)),
        "analytics:sample_csv": Door(page, ("sample.pk",)),
        "analytics:sample_json": Door(page, ("sample.pk",)),
        "analytics:sample_undo": Door(role(Role.AUTHOR), ("sample.pk",), post=True),
        "analytics:sample_close": Door(role(Role.AUTHOR), ("sample.pk",), post=True),
        "analytics:sample_answer": Door(role(Role.AUTHOR), ("sample.pk", "drawn.pk"), post=True),
        "analytics:signals": Door(page),
        "analytics:signals_json": Door(page),
        "analytics:signal": Door(page, ("signal.pk",)),
        "analytics:signal_review": Door(role(Role.AUTHOR), ("signal.pk",), post=True),
        "analytics:safeguards": Door(page),
        "analytics:safeguard_new": Door(role(Role.AUTHOR)),
        "analytics:safeguard": Door(page, ("safeguard.pk",)),
        "analytics:safeguard_end": Door(role(Role.AUTHOR), ("safeguard.pk",), post=True),
        "analytics:coverage": Door(page),
        "analytics:coverage_csv": Door(page),
        "analytics:coverage_json": Door(page),
        "analytics:effects": Door(page),
        "analytics:effects_csv": Door(page),
        "analytics:effects_json": Door(page),
        "analytics:replay": Door(page),
        "analytics:replay_csv": Door(page),
        "analytics:replay_json": Door(page),
        "analytics:replay_changes": Door(page),
        "analytics:scenarios": Door(page),
        "analytics:scenario_new": Door(role(Role.AUTHOR)),
        "analytics:scenario_from_lesson": Door(authors, ("lesson.pk",)),
        "analytics:scenarios_feature": Door(page),
        "analytics:scenarios_zip": Door(page),
        "analytics:scenarios_file": Door(page, ("=pytest",)),
        "analytics:scenario_check": Door(role(Role.AUTHOR), post=True),
        "analytics:scenario": Door(of_incident, ("scenario.number",)),
        "analytics:scenario_feature": Door(of_incident, ("scenario.number",)),
        "analytics:scenario_file": Door(of_incident, ("scenario.number", "=markdown")),
        "analytics:scenario_merge": Door(authors, ("scenario.number",)),
        "analytics:scenario_take_apart": Door(authors, ("scenario.number",), post=True),
        "analytics:scenario_stand_for": Door(authors, ("scenario.number", "lesson.pk"), post=True),
        "analytics:scenario_edit": Door(authors, ("scenario.number",)),
        "analytics:scenario_state": Door(authors, ("scenario.number",), post=True),
        "analytics:features": Door(page),
        "analytics:features_csv": Door(page),
        "analytics:features_json": Door(page),
        "analytics:feature_new": Door(role(Role.AUTHOR)),
        "analytics:feature": Door(page, ("feature.slug",)),
        "analytics:feature_csv": Door(page, ("feature.slug",)),
        "analytics:feature_json": Door(page, ("feature.slug",)),
        "analytics:feature_edit": Door(role(Role.AUTHOR), ("feature.slug",)),
        "analytics:feature_answer": Door(role(Role.AUTHOR), ("feature.slug",), post=True),
        "analytics:feature_measure": Door(role(Role.AUTHOR), ("feature.slug",), post=True),
        "analytics:feature_measurement_back": Door(
            role(Role.AUTHOR), ("feature.slug", "measurement.pk"), post=True
        ),
        "analytics:feature_retire": Door(role(Role.AUTHOR), ("feature.slug",), post=True),
        "analytics:feature_put": Door(role(Role.AUTHOR), ("feature.slug",)),
        "analytics:feature_put_undo": Door(role(Role.AUTHOR), ("feature.slug",), post=True),
        "incidents:list": Door(page),
        "incidents:report": Door(role(Role.AUTHOR)),
        "incidents:detail": Door(of_incident, number),
        "incidents:edit": Door(writes_incident, number),
        "incidents:set_status": Door(writes_incident, number, post=True),
        "incidents:close": Door(writes_incident, number, post=True),
        "incidents:reopen": Door(writes_incident, number, post=True),
        "incidents:mark_duplicate": Door(writes_incident, number, post=True),
        "incidents:access": Door(writes_incident, number),
        "incidents:postmortem": Door(of_incident, number),
        "incidents:postmortem_markdown": Door(of_incident, number),
        "incidents:postmortem_json": Door(of_incident, number),
        "incidents:start": Door(writes_incident, number, post=True),
        "incidents:not_required": Door(writes_incident, number, post=True),
        "incidents:require": Door(writes_incident, number, post=True),
        "incidents:revise": Door(writes_incident, number, post=True),
        "incidents:review": Door(authors, number, post=True),
        "incidents:paste": Door(writes_incident, number),
        "incidents:reviews": Door(of_incident, number),
        "incidents:revisions": Door(of_incident, number),
        "incidents:revision": Door(of_incident, (*number, "=1")),
        "incidents:restore": Door(writes_incident, (*number, "=1"), post=True),
        "incidents:step": Door(writes_incident, (*number, "=facts")),
        "incidents:keep_draft": Door(writes_incident, (*number, "=facts"), post=True),
        "incidents:lessons": Door(page),
        "incidents:lesson": Door(of_incident, ("lesson.pk",)),
        "incidents:lesson_edit": Door(writes_incident, ("lesson.pk",)),
        "incidents:hints": Door(page, post=True),
        "incidents:lesson_state": Door(writes_incident, ("lesson.pk",), post=True),
        "incidents:actions": Door(page),
        "incidents:action": Door(of_incident, ("action.pk",)),
        "incidents:ageing": Door(page),
        "incidents:ageing_csv": Door(page),
        "incidents:ageing_json": Door(page),
    }


# Doors with a test of their own: what they answer does not hang on who is signed in.
ELSEWHERE = {
    "readyz": "tests/runner/test_health.py",
    "intake:receive": "tests/intake/ (the exam of every provider)",
    "accounts:sign_in": "tests/accounts/ (open to all; leads on who is signed in)",
    "accounts:link": "tests/accounts/ (a one-time link)",
    "accounts:mail_address": "tests/accounts/test_mail_wishes.py (a link for one's own address)",
    "changes:care": "tests/changes/test_reviewed.py (a signed link, without signing in)",
    "accounts:mail_stop": "tests/accounts/test_mail_wishes.py (a signed link, without signing in)",
    "incidents:calendar": "tests/incidents/test_calendar.py (a key of its own, without signing in)",
    "notices:follow": "tests/accounts/test_notices_pages.py (one's own only)",
    "notices:read": "tests/accounts/test_notices_pages.py (one's own only)",
    "analytics:by_mail": "tests/analytics/test_weekly_mail_page.py (a signed link, without signing in)",
    "analytics:by_mail_decide": "tests/analytics/test_weekly_mail_page.py",
    "analytics:by_mail_undo": "tests/analytics/test_weekly_mail_page.py",
    "accounts:revoke_token": "tests/accounts/ (one's own tokens only)",
}


def test_every_route_has_a_row() -> None:
    routes = {name for name in named_routes() if not name.startswith(("admin:", "api:"))}
    known = set(doors()) | set(ELSEWHERE)
    assert routes - known == set(), "routes without a row in the access table"
    assert known - routes == set(), "rows without a route"


@pytest.mark.parametrize("name", doors())
def test_door_opens_for_whom_it_should(world: World, client: Client, name: str) -> None:
    door = doors()[name]
    surprises = []
    for visitor in EVERYONE:
        client.logout()
        if visitor != "nobody":
            client.force_login(world.users[visitor])
        for restricted in (False, True) if door.arguments else (False,):
            url = reverse(name, args=[world.value(restricted, path) for path in door.arguments])
            answer = client.post(url) if door.post else client.get(url)
            expected = door.rule(visitor, restricted)
            if visitor == "nobody" and expected == {SIGN_IN}:
                led = answer.headers.get("Location", "")
                if not led.startswith(reverse(settings.LOGIN_URL)):
                    surprises.append(f"{visitor} got {answer.status_code}, not the sign-in page")
            elif answer.status_code not in expected:
                kind = "restricted" if restricted else "plain"
                surprises.append(f"{visitor} on the {kind} one: {answer.status_code}, not {sorted(expected)}")
    assert surprises == []
