"""Four months of one service, small enough to be worked out by hand; test_four_months.py holds the working.

March to June 2026, seen on Wednesday 1 July 2026, 12:00 UTC. Weeks 0 to 16 begin on Mondays, from 2 March.
Each week has a change that ships on Tuesday and one that ships on Thursday, both at 12:00:

    Tuesday's    AI-assisted, 300 lines; first commit Sunday 12:00, opened Monday 12:00, checks to 13:00,
                 reviewed by a senior Monday 16:00, merged Tuesday 10:00
    Thursday's   manual, 100 lines; no commit told, opened Wednesday 12:00, checks 12:00 to 12:30 and
                 12:20 to 12:50, reviewed Wednesday 14:00, merged Thursday 11:00

Besides: an attempt that failed (Wednesday 22 April), a rollback (Friday 15 May), a hotfix (Friday 19 June)
whose change was begun at 8:00, opened at 9:00, merged at 11:00 without review or check, and these incidents:

    F  12 March 13:00 to 19:00   Thursday's change, confirmed
    A   9 April 13:00 to 15:00   Thursday's change, confirmed
    E  21 April 10:00 to 13:00   no change involved
    B  14 May   12:30 to 13:30   Thursday's deployment, confirmed
    B2 14 May   14:00 to 18:00   Thursday's deployment once more, confirmed
    D  28 May   10:00 to 12:00   cause not answered
    G   2 June  15:00 to 15:30   Tuesday's deployment, suspected
    C  18 June  13:00, not over  Thursday's change, confirmed; the hotfix names itself its repair
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.apps import apps

from changes.models import (
    Change,
    ChangeIdentity,
    CheckRun,
    Deployment,
    DomainArea,
    Environment,
    Repository,
    Review,
    ReviewCare,
    SeniorReviewer,
    Service,
    SizeException,
)
from incidents.models import Cause, Fix, Incident
from intake import ledger
from tests import make

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
FIRST = datetime(2026, 3, 2, tzinfo=UTC)
WEEKS = 17
TUESDAY, THURSDAY = 1, 3


def on(month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@dataclass
class Months:
    service: Service
    repository: Repository
    environment: Environment
    area: DomainArea
    deployments: dict[datetime, Deployment] = field(default_factory=dict)
    changes: dict[datetime, Change] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)

    def deploy(self, at: datetime, *held: Change, **over: Any) -> Deployment:
        made = make.deployment(
            repository=self.repository,
            environment=self.environment,
            service=self.service,
            finished_at=at,
            **over,
        )
        made.changes.add(*held)
        self.deployments[at] = made
        return made

    def change(self, shipped_at: datetime, **over: Any) -> Change:
        made = make.change(
            repository=self.repository,
            area=self.area,
            shipped_at=shipped_at,
            shipped_basis="deployment",
            **over,
        )
        made.services.add(self.service)
        ChangeIdentity.objects.create(
            repository=self.repository, change=made, space="sha", value=f"{made.pk:040x}", role="head"
        )
        self.changes[shipped_at] = made
        return made

    def check(self, change: Change, name: str, began: datetime, ended: datetime) -> None:
        CheckRun.objects.create(
            repository=self.repository, kind="check", external_id=f"{change.pk}-{name}",
            sha=f"{change.pk:040x}", status="completed", queued_at=began, completed_at=ended, told_at=ended,
        )  # fmt: skip

    def review(self, change: Change, at: datetime, *, senior: bool) -> None:
        Review.objects.create(
            change=change, external_id=str(change.pk), state="approved", submitted_at=at, told_at=at,
            commit_sha=f"{change.pk:040x}", reviewer_in_change=b"r" * 32, is_senior=senior,
        )  # fmt: skip

    def incident(self, name: str, began: datetime, ended: datetime | None, **over: Any) -> Incident:
        made = make.incident(
            title=name, impact_started_at=began, resolved_at=ended, area=self.area,
            status="resolved" if ended else "open", **over,
        )  # fmt: skip
        made.services.add(self.service)
        self.incidents[name] = made
        return made


def make_four_months() -> Months:
    area = DomainArea.objects.get(slug="payments")
    DomainArea.objects.filter(pk=area.pk).update(risk_level=DomainArea.Risk.HIGH)
    repository = make.repository()
    service = make.service("Checkout", repository=repository, area=area, reports_incidents=True)
    environment = Environment.objects.create(name="production", is_production=True)
    months = Months(service, repository, environment, area)
    for week in range(WEEKS):
        _tuesday(months, FIRST + timedelta(weeks=week, days=TUESDAY, hours=12))
        _thursday(months, FIRST + timedelta(weeks=week, days=THURSDAY, hours=12))
    months.deploy(on(4, 22, 11), status="failed")
    months.deploy(on(5, 15), kind="rollback", kind_basis="told")
    repair = months.change(
        on(6, 19), counted_lines=10, size_band="small", origin="unknown", first_commit_at=on(6, 19, 8),
        opened_at=on(6, 19, 9), merged_at=on(6, 19, 11),
    )  # fmt: skip
    months.deploy(on(6, 19), repair, kind="hotfix", kind_basis="told")
    SeniorReviewer.objects.create(account="kim")  # since the winter: a senior counts from then on
    apps.get_model("changes", "SeniorReviewerEvent")._default_manager.update(added_at=on(2, 1))
    SizeException.objects.create(change=months.changes[on(4, 7)], reason="A rename")
    for answer in ("yes", "yes", "yes", "yes", "not_really", "no"):
        ReviewCare.objects.create(change=months.changes[on(5, 5)], answer=answer, on=on(5, 5).date())
    _break(months, repair)
    _tell_the_ledger(months)
    return months


def _tuesday(months: Months, at: datetime) -> None:
    day = timedelta(days=1)
    change = months.change(
        at, counted_lines=300, size_band="large", origin="assisted", first_commit_at=at - 2 * day,
        opened_at=at - day, merged_at=at - timedelta(hours=2),
    )  # fmt: skip
    months.check(change, "all", at - day, at - day + timedelta(hours=1))
    months.review(change, at - day + timedelta(hours=4), senior=True)
    months.deploy(at, change)


def _thursday(months: Months, at: datetime) -> None:
    opened, minutes = at - timedelta(days=1), timedelta(minutes=1)
    change = months.change(
        at, counted_lines=100, size_band="medium", origin="manual", opened_at=opened,
        merged_at=at - timedelta(hours=1),
    )  # fmt: skip
    months.check(change, "unit", opened, opened + 30 * minutes)
    months.check(change, "browser", opened + 20 * minutes, opened + 50 * minutes)
    months.review(change, opened + timedelta(hours=2), senior=False)
    months.deploy(at, change)


def _break(months: Months, repair: Change) -> None:
    changes, deployments = months.changes, months.deployments

    def blame(incident: Incident, status: str = "confirmed", **target: Any) -> None:
        Cause.objects.create(incident=incident, status=status, **target)

    blame(months.incident("F", on(3, 12, 13), on(3, 12, 19)), change=changes[on(3, 12)])
    blame(months.incident("A", on(4, 9, 13), on(4, 9, 15)), change=changes[on(4, 9)])
    months.incident("E", on(4, 21, 10), on(4, 21, 13), cause_answer="no_change")
    blame(months.incident("B", on(5, 14, 12, 30), on(5, 14, 13, 30)), deployment=deployments[on(5, 14)])
    blame(months.incident("B2", on(5, 14, 14), on(5, 14, 18)), deployment=deployments[on(5, 14)])
    months.incident("D", on(5, 28, 10), on(5, 28, 12))
    suspected = months.incident("G", on(6, 2, 15), on(6, 2, 15, 30))
    blame(suspected, "suspected", deployment=deployments[on(6, 2)])
    last = months.incident("C", on(6, 18, 13), None)
    blame(last, change=changes[on(6, 18)])
    Fix.objects.create(incident=last, change=repair)


def _tell_the_ledger(months: Months) -> None:
    kinds = ledger.Kind
    ledger.touch(kinds.CHANGE, *(one.pk for one in months.changes.values()), verb="told")
    ledger.touch(kinds.DEPLOYMENT, *(one.pk for one in months.deployments.values()), verb="told")
    ledger.touch(kinds.INCIDENT, *(one.pk for one in months.incidents.values()), verb="told")
