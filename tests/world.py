"""Two of everything, and one of each who may come by: what the access tables are checked on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Role, Team, User
from analytics.flow_weeks import monday
from analytics.models import FrozenWeek, Safeguard, Sample, SampledChange, Signal, TestScenario, WeekNote
from changes.models import (
    AssistanceKind,
    Change,
    ChangeLink,
    Deployment,
    DomainArea,
    Environment,
    Feature,
    MarkingPolicy,
    Measurement,
    Repository,
    Service,
)
from incidents.models import (
    ActionItem,
    Alert,
    Cause,
    ContributingFactor,
    Control,
    Fix,
    Incident,
    Lesson,
    Postmortem,
    PostmortemComment,
    PostmortemRevision,
    ReviewRequest,
    TimelineEntry,
)
from intake.models import Source

EVERYONE = ("nobody", "viewer", "outsider", "teammate", "named", "curator", "admin")


@dataclass(frozen=True)
class World:
    """Two of everything: one that all may see, and one that only `named` may."""

    users: dict[str, User]
    plain: dict[str, Any]
    restricted: dict[str, Any]

    def value(self, restricted: bool, path: str) -> Any:
        """What `thing.attribute` is there; `=words` are the words themselves."""
        if path.startswith("="):
            return path[1:]
        thing, attribute = path.split(".")
        return getattr((self.restricted if restricted else self.plain)[thing], attribute)


def _outage(*, service: Service, environment: Environment, number: int, named: User | None) -> dict[str, Any]:
    repository = service.repository
    assert repository is not None
    change = Change.objects.create(repository=repository, title=f"Change {number}")
    incident = Incident.objects.create(
        number=number,
        title=f"Outage {number}",
        is_restricted=named is not None,
        impact_started_at=timezone.now(),
    )
    incident.services.add(service)
    if named:
        incident.people.add(named)
    lesson = Lesson.objects.create(text=f"Check {number}")
    lesson.incidents.add(incident)
    scenario = TestScenario.objects.create(
        number=number, title=f"Scenario {number}", given="a", when="b", then="c"
    )
    scenario.lessons.add(lesson)
    cause = Cause.objects.create(incident=incident, change=change)
    source = Source.objects.create(slug=f"pager-{number}", name=f"Pager {number}", kind="pagerduty")
    return {
        "change": change,
        "incident": incident,
        "postmortem": (postmortem := Postmortem.objects.create(incident=incident)),
        "revision": PostmortemRevision.objects.create(
            postmortem=postmortem, number=1, content={"sections": {"summary": "It was slow."}}
        ),
        "comment": PostmortemComment.objects.create(postmortem=postmortem, text="How did it look then?"),
        "request": ReviewRequest.objects.create(
            postmortem=postmortem, reviewer=User.objects.create_user(f"reviewer-{number}", role=Role.AUTHOR)
        ),
        "cause": cause,
        "control": Control.objects.create(
            cause=cause, change=Change.objects.create(repository=repository, title=f"Like {number}")
        ),
        "fix": Fix.objects.create(incident=incident, change=change),
        "factor": ContributingFactor.objects.create(incident=incident, text="No alert"),
        "entry": TimelineEntry.objects.create(incident=incident, occurred_at=timezone.now(), text="It broke"),
        "alert": Alert.objects.create(source=source, key=f"a{number}", incident=incident),
        "lesson": lesson,
        "action": ActionItem.objects.create(incident=incident, title="Add an alert"),
        "scenario": scenario,
        "deployment": Deployment.objects.create(
            repository=repository, service=service, environment=environment, external_id=str(number)
        ),
        "repository": repository,
        "service": service,
        "link": ChangeLink.objects.create(change=change, kind="reverts", names="#404", rule="revert"),
        "area": DomainArea.objects.get_or_create(slug="ledgers", defaults={"name": "Ledgers"})[0],
        "environment": environment,
        "source": source,
        **_findings(),
        **_checks(change, number),
        **_impact(change, number),
    }


def _impact(change: Change, number: int) -> dict[str, Any]:
    """A feature that holds the change, measured once."""
    feature = Feature.objects.create(name=f"Feature {number}", slug=f"feature-{number}", metric="sales")
    Change.objects.filter(pk=change.pk).update(feature=feature, feature_basis="label")
    day = timezone.now().date()
    measurement = Measurement.objects.create(
        feature=feature, value=number, begins_on=day, ends_on=day, source="shop"
    )
    return {"feature": feature, "measurement": measurement}


def _findings() -> dict[str, Any]:
    day = timezone.now().date()
    kind = AssistanceKind.objects.get(slug="code-generation")
    signal = Signal.objects.create(
        kind=kind, state="early_sign", evidence=30.0, first_shown_on=day, last_shown_on=day
    )
    safeguard = Safeguard.objects.create(title="A second reviewer", kind=kind, starts_on=day)
    return {"signal": signal, "safeguard": safeguard}


def _checks(change: Change, number: int) -> dict[str, Any]:
    """A marking policy that ended, for one at a time is in effect; a sampled check of one change."""
    day = timezone.now().date()
    policy = MarkingPolicy.objects.create(
        repository=change.repository, since=day - timedelta(days=number), ended_on=day
    )
    sample = Sample.objects.create(since=day, until=day, seed=number, drawn_from=1, population=1)
    drawn = SampledChange.objects.create(sample=sample, change=change, position=0)
    week = FrozenWeek.objects.create(
        begins_on=monday(day) - timedelta(weeks=number),
        figures={"pages": {}, "names": {}, "counts": {}},
        versions={"rules": 1, "signals": 1},
        generation=0,
    )
    note = WeekNote.objects.create(begins_on=week.begins_on, text="It was calm.")
    return {"policy": policy, "sample": sample, "drawn": drawn, "week": week, "note": note}


def make_world() -> World:
    roles = {
        "viewer": Role.VIEWER,
        "outsider": Role.AUTHOR,
        "teammate": Role.AUTHOR,
        "named": Role.AUTHOR,
        "curator": Role.CURATOR,
        "admin": Role.ADMIN,
    }
    users = {
        name: User.objects.create(username=name, role=role, is_staff=role in {Role.CURATOR, Role.ADMIN})
        for name, role in roles.items()
    }
    team = Team.objects.create(name="Payments", slug="payments-team")
    team.members.add(users["teammate"], users["named"])
    repository = Repository.objects.create(name="shop/checkout")
    service = Service.objects.create(
        name="Checkout", slug="checkout-service", repository=repository, team=team
    )
    environment = Environment.objects.create(name="production", is_production=True)
    return World(
        users=users,
        plain=_outage(service=service, environment=environment, number=1, named=None),
        restricted=_outage(service=service, environment=environment, number=2, named=users["named"]),
    )
